// Learning: the token books of the trees of one table, which share them; one at a time is learnt,
// a little between writes, from rests of all these trees.
//
// More keys pay for more tokens: there are books of several sizes, by how many keys the largest
// tree has. One thread at a time writes to the trees.

#ifndef MEMKV_CORE_ART_LEARNING_H_
#define MEMKV_CORE_ART_LEARNING_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

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

class Learning {
 public:
  // Whether a tree of so many keys, of whose rests an average one takes `rest_bytes` as it is coded
  // now, has a reason to learn a larger book than the last one.
  bool WantsLarger(uint64_t keys, double rest_bytes) const;
  // From how many keys on it may.
  uint64_t NextSize() const;

  // --- one book. All throw std::bad_alloc; nothing is being learnt then.

  bool is_under_way() const { return learner_ || made_; }
  void Begin(uint64_t keys);
  // Whether Learn() is to get more plain rests, from all over the trees; else it is Make()'s turn.
  bool WantsText() const { return learner_ && !learner_->done(); }
  void Learn(const uint8_t* rest, uint32_t n);
  // One step, a few ms at most, for a tree with so many keys. Whether there is another latest book.
  bool Make(uint64_t keys);

  // The book that was learnt last, if a tree has it or may still take it; how many there were.
  std::shared_ptr<const CodeBook> latest() const { return latest_.lock(); }
  uint32_t learnt() const { return learnt_; }
  bool IsTaken() const { return latest_.use_count() > (offer_ ? 1 : 0); }
  // How many trees have a book that one of them asks about.
  uint32_t Holders(const std::shared_ptr<const CodeBook>& book) const {
    return static_cast<uint32_t>(book.use_count()) - (book == offer_ ? 1 : 0);
  }
  // Trees that are written to; each tells when it has taken the latest book or will not.
  uint32_t trees() const { return trees_; }
  void AddTree() noexcept { ++trees_; }
  void RemoveTree() noexcept { --trees_; }
  void NoteTried() noexcept {
    if (++tried_ >= trees_) offer_.reset();
  }

  // Of what is being learnt, and of a book that no tree has taken.
  uint64_t bytes() const;

 private:
  void Stop() noexcept;

  std::optional<TokenLearner> learner_;
  std::shared_ptr<CodeBook> made_;  // its coder is being built
  uint64_t rests_ = 0, plain_ = 0;  // that were fed

  std::shared_ptr<const CodeBook> offer_;  // the latest, until all trees have tried it
  std::weak_ptr<const CodeBook> latest_;
  uint32_t learnt_ = 0, tried_ = 0;  // by how many trees
  uint32_t trees_ = 0;
  size_t size_ = 0, begun_ = 0;  // how many sizes a book was learnt for; with the one begun
};

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_LEARNING_H_
