// Whether a sanitizer looks on: the same work then takes some ten times as long, and less of it
// shows how it runs.

#ifndef MEMKV_TESTS_SANITIZED_H_
#define MEMKV_TESTS_SANITIZED_H_

namespace memkv::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

}  // namespace memkv::test

#endif  // MEMKV_TESTS_SANITIZED_H_
