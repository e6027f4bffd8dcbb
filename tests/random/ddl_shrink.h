// Cuts a script that fails down to the steps that are needed to fail.

#ifndef MEMKV_TESTS_RANDOM_DDL_SHRINK_H_
#define MEMKV_TESTS_RANDOM_DDL_SHRINK_H_

#include <functional>

#include "tests/random/ddl_script.h"

namespace memkv::test {

// `fails` tells whether a script fails as the given one does.
Script Shrunk(Script script, const std::function<bool(const Script&)>& fails);

}  // namespace memkv::test

#endif  // MEMKV_TESTS_RANDOM_DDL_SHRINK_H_
