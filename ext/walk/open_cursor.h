// OpenCursor: what a table must know of the cursors that are open on it, beyond what they walk.

#ifndef MEMKV_EXT_WALK_OPEN_CURSOR_H_
#define MEMKV_EXT_WALK_OPEN_CURSOR_H_

#include <cstdint>

namespace memkv::sql {

// A member of a doubly linked list of its table's; nothing here allocates or fails.
class OpenCursor {
 public:
  class List {
   public:
    // Those that show a version with more edits show what a rollback has just undone.
    void MarkUndone(uint64_t edits) noexcept {
      for (OpenCursor* c = first_; c != nullptr; c = c->next_) c->undone_ |= c->edits_ > edits;
    }
    // Whether a statement is reading, or has read, rows by one of them.
    bool any_started() const { return Any(&OpenCursor::started_); }
    // Whether the UPDATE that is running has computed from values of rows. Its cursor shows by what
    // it keeps unchanged; that of an UPDATE … FROM does not, and may be any.
    bool update_read_values() const {
      const bool known = Any(&OpenCursor::updates_);
      for (const OpenCursor* c = first_; c != nullptr; c = c->next_) {
        if (c->read_values_ && (c->updates_ || !known)) return true;
      }
      return false;
    }

   private:
    friend class OpenCursor;
    bool Any(bool OpenCursor::*what) const {
      for (const OpenCursor* c = first_; c != nullptr; c = c->next_) {
        if (c->*what) return true;
      }
      return false;
    }
    OpenCursor* first_ = nullptr;
  };

  explicit OpenCursor(List& list) : list_(list), next_(list.first_) {
    if (next_) next_->before_ = this;
    list.first_ = this;
  }
  ~OpenCursor() {
    (before_ ? before_->next_ : list_.first_) = next_;
    if (next_) next_->before_ = before_;
  }
  OpenCursor(const OpenCursor&) = delete;
  OpenCursor& operator=(const OpenCursor&) = delete;

 protected:
  // It begins to walk a version that has so many edits (core/store/session.h).
  void Started(uint64_t edits) {
    edits_ = edits;
    started_ = true;
    undone_ = false;
  }
  void ReadValue() { read_values_ = true; }
  void Updates() { updates_ = true; }
  // Whether the version was rolled back since.
  bool undone() const { return undone_; }

 private:
  List& list_;
  OpenCursor* next_;
  OpenCursor* before_ = nullptr;
  uint64_t edits_ = 0;
  bool started_ = false, undone_ = false, read_values_ = false, updates_ = false;
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_WALK_OPEN_CURSOR_H_
