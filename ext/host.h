// What memkv needs of the machine it runs on and of the SQLite that loads it.

#ifndef MEMKV_EXT_HOST_H_
#define MEMKV_EXT_HOST_H_

#include <bit>
#include <string>

namespace memkv::sql {

// sqlite3_vtab_in, sqlite3_vtab_rhs_value and sqlite3_vtab_distinct came with this version.
inline constexpr int kOldestHost = 3038000;

// Why this host cannot load memkv; empty if it can.
inline std::string HostRefusal(int version, std::endian machine = std::endian::native) {
  if (machine != std::endian::little)
    return "memkv: this machine is big-endian (allowed: little-endian)";
  if (version >= kOldestHost) return "";
  auto text = [](int v) {
    return std::to_string(v / 1000000) + "." + std::to_string(v / 1000 % 1000) + "." +
           std::to_string(v % 1000);
  };
  return "memkv: SQLite " + text(version) + " is too old (allowed: " + text(kOldestHost) +
         " and newer)";
}

}  // namespace memkv::sql

#endif  // MEMKV_EXT_HOST_H_
