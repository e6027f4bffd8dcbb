// Coding: the token books of an engine's leaves, and the learning of the next one.
//
// A leaf names its book by a number from 1 to 255; 0 means plain rests. New leaves get the present
// book. A book lives until no leaf names it, leaves that only snapshots see included. Another book
// is learnt, a little at a time between writes, when the map has grown past the next size (more
// keys pay for more tokens), and when rests take clearly more than when the present book was new
// (the keys have changed).

#ifndef MEMKV_CORE_ART_CODING_H_
#define MEMKV_CORE_ART_CODING_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/alloc.h"
#include "core/art/token_book.h"
#include "core/art/token_coder.h"
#include "core/art/token_learner.h"

namespace memkv::art {

// A book with its coder.
struct CodeBook {
  // Throws std::bad_alloc.
  explicit CodeBook(TokenBook b) : tokens(std::move(b)), coder(tokens) {}
  CodeBook(const CodeBook&) = delete;
  CodeBook& operator=(const CodeBook&) = delete;
  uint64_t bytes() const { return tokens.bytes() + coder.bytes(); }

  const TokenBook tokens;
  TokenCoder coder;
};

class Coding {
 public:
  Coding() = default;
  Coding(const Coding&) = delete;
  Coding& operator=(const Coding&) = delete;

  // The number of the present book; books by number.
  uint8_t present() const { return present_; }
  const TokenBook* const* books() const { return tokens_; }
  const TokenBook* book(uint8_t id) const { return tokens_[id]; }
  // Of books, coders, and what is being learnt.
  uint64_t bytes() const;

  // Counts the leaves of each book: one was made, one was freed.
  void Use(uint8_t id) noexcept { ++uses_[id]; }
  void Unuse(uint8_t id) noexcept { --uses_[id]; }

  // TokenCoder's, with the present book. REQUIRES one.
  uint32_t Encode(const uint8_t* plain, uint32_t n, uint8_t* code) {
    const uint32_t coded = coder_->Encode(plain, n, code);
    recent_.Add(1, n, coded);
    return coded;
  }
  uint32_t Recode(const uint8_t* text, uint32_t n, uint32_t from, const uint8_t* old,
                  uint32_t old_n, uint32_t skip, uint8_t* code) {
    const uint32_t coded = coder_->Recode(text, n, from, old, old_n, skip, code);
    recent_.Add(1, n, coded);
    return coded;
  }

  // --- learning, driven by the engine between writes. After std::bad_alloc it starts anew another
  // time.

  void NoteWrites(uint64_t n) { writes_ += n; }
  // Whether a book is being learnt; starts one if that is due with so many keys.
  bool IsLearning(uint64_t keys);
  // Whether Learn() is to get more plain rests, from all over the map; else it is MakeBook()'s
  // turn.
  bool WantsText() const { return learner_ && !learner_->done(); }
  void Learn(const uint8_t* rest, uint32_t n);
  // One step, a few ms at most. True: the book is made, and is the present one now.
  bool MakeBook(uint64_t keys);
  // A number below n, to take a sample by.
  uint64_t Random(uint64_t n);
  // Frees the books that no leaf names any more.
  void DropUnused() noexcept;

 private:
  struct Rate {
    uint64_t rests = 0, plain = 0, coded = 0;
    void Add(uint64_t r, uint64_t p, uint64_t c) {
      rests += r;
      plain += p;
      coded += c;
    }
    double ratio() const { return static_cast<double>(coded) / static_cast<double>(plain + 1); }
  };
  struct Held {
    uint8_t id;
    std::shared_ptr<CodeBook> book;
  };

  bool HasDrifted();
  void Begin(uint64_t keys);
  void StopLearning() noexcept;
  bool Pays(uint64_t keys) const;
  bool Adopt();

  const TokenBook* tokens_[256] = {};
  uint32_t uses_[256] = {};
  std::vector<Held, Allocator<Held>> held_;
  const TokenCoder* coder_ = nullptr;  // of the present one
  uint8_t present_ = 0;

  Rate recent_;          // what was coded since the last look
  double ratio_ = 1;     // what the present book made of a sample when it was new
  uint64_t writes_ = 0;  // since the last book was learnt
  uint64_t pause_ = 0;   // writes to wait before what is due
  size_t size_ = 0;      // of kSizes, how many a book was learnt for
  uint64_t random_ = 1;

  std::optional<TokenLearner> learner_;
  std::shared_ptr<CodeBook> made_;  // its coder is being built
  Rate sample_;                     // what the present book makes of the text to count in
  uint64_t sample_coded_ = 0;       // and what the new one does, about
};

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_CODING_H_
