"""What the end-to-end tests are written in: a real process, a recording client, the mail folder, the command line."""
