// A SQLite VFS for tests that passes everything on to the system's, and fails writes or syncs when told to.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstring>

namespace gatehouse::sqlite {

struct Faults {
  std::atomic<bool> disk_is_full{false};
  std::atomic<bool> sync_fails{false};
};

inline Faults& faults() {
  static Faults instance;
  return instance;
}

struct FaultFile {
  sqlite3_file base;
  sqlite3_file* real;  // lies right behind, in the memory that SQLite made for us
};

inline sqlite3_file* real_of(sqlite3_file* file) { return reinterpret_cast<FaultFile*>(file)->real; }

inline const sqlite3_io_methods& fault_methods() {
  static const sqlite3_io_methods methods = {
      .iVersion = 2,
      .xClose = [](sqlite3_file* f) { return real_of(f)->pMethods->xClose(real_of(f)); },
      .xRead = [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) { return real_of(f)->pMethods->xRead(real_of(f), to, n, at); },
      .xWrite = [](sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
        if (faults().disk_is_full) return SQLITE_FULL;
        return real_of(f)->pMethods->xWrite(real_of(f), from, n, at);
      },
      .xTruncate = [](sqlite3_file* f, sqlite3_int64 size) { return real_of(f)->pMethods->xTruncate(real_of(f), size); },
      .xSync = [](sqlite3_file* f, int flags) {
        if (faults().sync_fails) return SQLITE_IOERR_FSYNC;
        return real_of(f)->pMethods->xSync(real_of(f), flags);
      },
      .xFileSize = [](sqlite3_file* f, sqlite3_int64* size) { return real_of(f)->pMethods->xFileSize(real_of(f), size); },
      .xLock = [](sqlite3_file* f, int level) { return real_of(f)->pMethods->xLock(real_of(f), level); },
      .xUnlock = [](sqlite3_file* f, int level) { return real_of(f)->pMethods->xUnlock(real_of(f), level); },
      .xCheckReservedLock = [](sqlite3_file* f, int* is) { return real_of(f)->pMethods->xCheckReservedLock(real_of(f), is); },
      .xFileControl = [](sqlite3_file* f, int op, void* arg) { return real_of(f)->pMethods->xFileControl(real_of(f), op, arg); },
      .xSectorSize = [](sqlite3_file* f) { return real_of(f)->pMethods->xSectorSize(real_of(f)); },
      .xDeviceCharacteristics = [](sqlite3_file* f) { return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f)); },
      .xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** to) {
        return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, to);
      },
      .xShmLock = [](sqlite3_file* f, int offset, int n, int flags) { return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags); },
      .xShmBarrier = [](sqlite3_file* f) { real_of(f)->pMethods->xShmBarrier(real_of(f)); },
      .xShmUnmap = [](sqlite3_file* f, int del) { return real_of(f)->pMethods->xShmUnmap(real_of(f), del); },
      .xFetch = nullptr,
      .xUnfetch = nullptr,
  };
  return methods;
}

inline int open_with_faults(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
  auto* system = static_cast<sqlite3_vfs*>(vfs->pAppData);
  auto* faulty = reinterpret_cast<FaultFile*>(file);
  faulty->real = reinterpret_cast<sqlite3_file*>(faulty + 1);
  std::memset(faulty->real, 0, static_cast<std::size_t>(system->szOsFile));
  const int code = system->xOpen(system, name, faulty->real, flags, out);
  faulty->base.pMethods = faulty->real->pMethods != nullptr ? &fault_methods() : nullptr;
  return code;
}

// Registers the VFS "faulty" once and tells its name.
inline const char* faulty_vfs() {
  static sqlite3_vfs vfs = [] {
    auto* system = sqlite3_vfs_find(nullptr);
    sqlite3_vfs made = *system;
    made.zName = "faulty";
    made.szOsFile = static_cast<int>(sizeof(FaultFile)) + system->szOsFile;
    made.pAppData = system;
    made.xOpen = open_with_faults;
    return made;
  }();
  static const int registered = sqlite3_vfs_register(&vfs, 0);
  return registered == SQLITE_OK ? vfs.zName : nullptr;
}

}  // namespace gatehouse::sqlite
