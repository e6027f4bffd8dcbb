// Scripts are played in child processes, so that one that crashes or hangs is a failure like any
// other.

#ifndef MEMKV_TESTS_RANDOM_DDL_PROCESS_H_
#define MEMKV_TESTS_RANDOM_DDL_PROCESS_H_

#include <cstdint>
#include <string>

#include "tests/random/ddl_generator.h"
#include "tests/random/ddl_player.h"

namespace memkv::test {

// Plays one script in a process of its own.
Failure PlayAlone(const Script& script, const std::string& folder);

// Plays the scripts of the seeds from `first` up to, not including, `end` in one process, or until
// `deadline` (of time(); 0: none). Returns the first seed that was not played to its end: that of a
// script that failed, unless it is `end` or the deadline has passed.
struct Batch {
  uint64_t next;
  bool failed;
};
Batch PlayBatch(uint64_t first, uint64_t end, const Kind& kind, const std::string& folder,
                int64_t deadline);

}  // namespace memkv::test

#endif  // MEMKV_TESTS_RANDOM_DDL_PROCESS_H_
