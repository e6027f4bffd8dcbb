// Coding: the token books of one tree's leaves.
//
// A leaf names its book by a number from 1 to 255; 0 means plain rests. New leaves get the present
// book. A book lives until no leaf names it, leaves that only snapshots see included. Which book is
// the present one is decided by samples of the tree's rests: what another book (learning.h) would
// save. One is learnt when the tree has grown so that a larger book may pay, and when rests take
// clearly more than when the present book was new (the keys have changed).

#ifndef MEMKV_CORE_ART_CODING_H_
#define MEMKV_CORE_ART_CODING_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/alloc.h"
#include "core/art/learning.h"
#include "core/art/token_book.h"
#include "core/art/token_coder.h"

namespace memkv::art {

class Coding {
 public:
  explicit Coding(std::shared_ptr<Learning> learning) : learning_(std::move(learning)) {}
  Coding(const Coding&) = delete;
  Coding& operator=(const Coding&) = delete;

  // The number of the present book; books by number.
  uint8_t present() const { return present_; }
  const TokenBook* const* books() const { return tokens_; }
  const TokenBook* book(uint8_t id) const { return tokens_[id]; }
  // Of books, coders, and what is being learnt: this tree's part of what it shares.
  uint64_t bytes() const;

  // Counts the leaves of each book: one was made, one was freed.
  void Use(uint8_t id) noexcept { ++uses_[id]; }
  void Unuse(uint8_t id) noexcept { --uses_[id]; }

  // TokenCoder's, with the present book. REQUIRES one.
  uint32_t Encode(const uint8_t* plain, uint32_t n, uint8_t* code) {
    const uint32_t coded = coder_->Encode(plain, n, code);
    recent_.Add(n, coded);
    return coded;
  }
  uint32_t Recode(const uint8_t* text, uint32_t n, uint32_t from, const uint8_t* old,
                  uint32_t old_n, uint32_t skip, uint8_t* code) {
    const uint32_t coded = coder_->Recode(text, n, from, old, old_n, skip, code);
    recent_.Add(n, coded);
    return coded;
  }

  // --- which book, decided between writes

  Learning& learning() { return *learning_; }
  void NoteWrites(uint64_t n) { writes_ += n; }
  // Whether Decide() is due, with so many keys.
  bool IsDue(uint64_t keys);
  // The book that a sample is to be coded with; none if the tree has the latest.
  std::shared_ptr<const CodeBook> Offered() const;
  // Rests of the tree: their plain bytes, as they are coded now, and with the offered book.
  struct Sample {
    uint64_t rests = 0, plain = 0, coded = 0, offered = 0;
  };
  // Takes the offered book, or begins to learn another, or leaves it. True: there is another
  // present book. Throws std::bad_alloc.
  bool Decide(uint64_t keys, const Sample& sample, std::shared_ptr<const CodeBook> offered);
  // Memory was short: not again at once.
  void Pause() noexcept { pause_until_ = writes_ + kRetryAfter; }
  // Whether rests of this tree are to be learnt from.
  bool feeds() const { return feeds_; }
  // A number below n, to take a sample by.
  uint64_t Random(uint64_t n);
  // Frees the books that no leaf names any more.
  void DropUnused() noexcept;

 private:
  static constexpr uint64_t kRetryAfter = 4096;   // writes
  static constexpr uint64_t kLeastKeys = 50'000;  // fewer do without a book
  struct Rate {
    uint64_t rests = 0, plain = 0, coded = 0;
    void Add(uint64_t p, uint64_t c) {
      ++rests;
      plain += p;
      coded += c;
    }
  };
  struct Held {
    uint8_t id;
    std::shared_ptr<const CodeBook> book;
  };

  bool HasDrifted();
  bool Pays(uint64_t keys, const Sample& sample, const CodeBook& offered) const;
  bool Take(std::shared_ptr<const CodeBook> book);
  const Held* PresentBook() const;

  std::shared_ptr<Learning> learning_;
  const TokenBook* tokens_[256] = {};
  uint32_t uses_[256] = {};
  std::vector<Held, Allocator<Held>> held_;
  const TokenCoder* coder_ = nullptr;  // of the present one
  uint8_t present_ = 0;

  uint32_t tried_ = 0;  // the latest book that this tree decided about
  // What the present book made of the sample then; since then: what was coded, until it is judged,
  // and writes.
  double ratio_ = 1;
  Rate recent_;
  uint64_t writes_ = 0;
  bool drifted_ = false;  // that was judged
  bool feeds_ = false;
  uint64_t next_keys_ = kLeastKeys;  // a reason to decide again
  uint64_t pause_until_ = 0;         // of writes_
  uint64_t random_ = 1;
};

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_CODING_H_
