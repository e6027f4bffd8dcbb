// Status: what a function returns where the outside world can be wrong: stored bytes, a file, a
// full arena, an interrupt.
//
// OK costs one null pointer. A failure carries a code and a message that names the thing, its value
// and what is allowed. Programmer mistakes are asserts, out-of-memory is std::bad_alloc; neither is
// a Status.

#ifndef MEMKV_CORE_STATUS_H_
#define MEMKV_CORE_STATUS_H_

#include <memory>
#include <string>
#include <utility>

namespace memkv {

class [[nodiscard]] Status {
 public:
  enum Code {
    kOk,
    kCorrupt,      // stored bytes are not what was written
    kFull,         // a structure reached the end of what it can address
    kTooBig,       // a key or value is longer than allowed
    kInvalid,      // an argument that cannot be meant
    kInterrupted,  // the caller asked to stop; nothing has changed
    kIo,           // the operating system refused
    kCantOpen,     // the same, when a file was to be opened or made
    kConflict,     // something else stands where this was to be written; nothing was
  };

  Status() = default;
  static Status Corrupt(std::string message) { return {kCorrupt, std::move(message)}; }
  static Status Full(std::string message) { return {kFull, std::move(message)}; }
  static Status TooBig(std::string message) { return {kTooBig, std::move(message)}; }
  static Status Invalid(std::string message) { return {kInvalid, std::move(message)}; }
  static Status Interrupted() { return {kInterrupted, "interrupted"}; }
  static Status Io(std::string message) { return {kIo, std::move(message)}; }
  static Status CantOpen(std::string message) { return {kCantOpen, std::move(message)}; }
  static Status Conflict(std::string message) { return {kConflict, std::move(message)}; }

  bool ok() const { return !state_; }
  Code code() const { return state_ ? state_->code : kOk; }
  const std::string& message() const {
    static const std::string kNone;
    return state_ ? state_->message : kNone;
  }

 private:
  struct State {
    Code code;
    std::string message;
  };
  Status(Code code, std::string message) : state_(new State{code, std::move(message)}) {}

  std::shared_ptr<const State> state_;
};

// Hands a failure on to the caller.
#define MEMKV_TRY(expr)                                                                    \
  do {                                                                                     \
    if (::memkv::Status memkv_status_ = (expr); !memkv_status_.ok()) return memkv_status_; \
  } while (0)

}  // namespace memkv

#endif  // MEMKV_CORE_STATUS_H_
