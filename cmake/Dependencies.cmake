# Every library we use, from the distribution's packages (./dev setup installs them).
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Protobuf REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(ICU REQUIRED IMPORTED_TARGET icu-i18n icu-uc)

target_compile_definitions(Boost::headers INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)

# libsodium is linked statically with its mmap and munmap wrapped, so that a hashing thread keeps its
# huge-page arena between hashes (crypto/hash_arena.h).
find_library(SODIUM_STATIC libsodium.a REQUIRED)
find_path(SODIUM_INCLUDE sodium.h REQUIRED)
add_library(gatehouse_sodium INTERFACE)
target_include_directories(gatehouse_sodium SYSTEM INTERFACE ${SODIUM_INCLUDE})
target_link_libraries(gatehouse_sodium INTERFACE ${SODIUM_STATIC})
target_link_options(gatehouse_sodium INTERFACE -Wl,--wrap=mmap,--wrap=munmap)

find_library(ZXCVBN zxcvbn REQUIRED)
