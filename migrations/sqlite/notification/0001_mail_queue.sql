-- Mail that waits to be sent. What it says and to whom is sealed under the key of the person it is for: destroying that
-- key destroys the mail too. A mail that was sent leaves the table; one that was given up stays a while without its box.
CREATE TABLE mail_queue (
  id             TEXT NOT NULL PRIMARY KEY,  -- of the event that asked for it; an alert has several mails
  template       TEXT NOT NULL,
  priority       INTEGER NOT NULL,           -- 0 before 1: codes before anything else
  turn           INTEGER NOT NULL,           -- within a priority, the lowest goes first: one of each origin at a time
  origin         TEXT NOT NULL,              -- stands for who asked for it
  subject        TEXT NOT NULL,              -- of the event: whose mail it is
  correlation_id TEXT NOT NULL,
  key_id         TEXT NOT NULL,
  box            BLOB NOT NULL,
  created_at_ms  INTEGER NOT NULL,
  expires_at_ms  INTEGER,                    -- not sent later than this
  attempts       INTEGER NOT NULL,
  next_at_ms     INTEGER NOT NULL,
  status         TEXT NOT NULL CHECK (status IN ('queued', 'failed')),
  last_error     TEXT NOT NULL
) STRICT;

-- created_at_ms is in it so that the backlog is counted without reading a mail.
CREATE INDEX mail_queue_due ON mail_queue (priority, turn, next_at_ms, created_at_ms) WHERE status = 'queued';
-- The last of an origin, and which one a full queue drops.
CREATE INDEX mail_queue_origin ON mail_queue (origin, priority, turn) WHERE status = 'queued';
CREATE INDEX mail_queue_dropped ON mail_queue (template = 'decoy', turn, next_at_ms) WHERE status = 'queued';

-- Whom we told of a change of their account within the last hour, and when: at most a few of them.
CREATE TABLE alerts (
  subject    TEXT NOT NULL,
  told_at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX alerts_subject ON alerts (subject, told_at_ms);
CREATE INDEX alerts_age ON alerts (told_at_ms);
