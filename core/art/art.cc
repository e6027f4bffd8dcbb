#include "core/art/art.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/art/engine.h"
#include "core/art/interleave.h"
#include "core/art/learning.h"
#include "core/art/verify.h"

namespace memkv {

using art::Engine;
using art::Leaf;
using art::Tree;

namespace {

bool FindInLeaf(const Tree& tree, const Leaf& leaf, Bytes key, Entry* entry) {
  const art::LeafPos pos = leaf.Find(tree.book(leaf), key);
  if (!pos.exact) return false;
  *entry = leaf.entry(pos.pos, tree.leaves);
  return true;
}

}  // namespace

// --- ArtSnapshot ---

ArtSnapshot::ArtSnapshot(const ArtSnapshot& o) noexcept : tree_(o.tree_), pin_(o.pin_) {
  if (pin_) art::Pin(pin_);
}

ArtSnapshot::ArtSnapshot(ArtSnapshot&& o) noexcept
    : tree_(std::exchange(o.tree_, nullptr)), pin_(std::exchange(o.pin_, nullptr)) {}

ArtSnapshot& ArtSnapshot::operator=(ArtSnapshot o) noexcept {
  std::swap(tree_, o.tree_);
  std::swap(pin_, o.pin_);
  return *this;
}

ArtSnapshot::~ArtSnapshot() {
  if (pin_) art::Unpin(pin_);
}

bool ArtSnapshot::Find(Bytes key, Entry* entry) const {
  if (!tree_ || !tree_->root) return false;
  const uint8_t* block = tree_->leaf(tree_->desc(tree_->Floor(key)).leaf());
  art::PrefetchLeaf(block);
  return FindInLeaf(*tree_, Leaf(block), key, entry);
}

void ArtSnapshot::FindMany(const Bytes* keys, size_t n, bool* found, Entry* entries) const {
  if (!tree_ || !tree_->root) {
    std::fill(found, found + n, false);
    return;
  }
  art::FindInterleaved(*tree_, keys, n, [&](size_t i, const uint8_t* block) {
    found[i] = FindInLeaf(*tree_, Leaf(block), keys[i], &entries[i]);
  });
}

uint64_t ArtSnapshot::Rank(Bytes key) const {
  if (!tree_ || !tree_->root) return 0;
  art::Path path;
  path.Floor(*tree_, key);
  const uint8_t* block = tree_->leaf(tree_->desc(path.desc()).leaf());
  art::PrefetchLeaf(block);
  const uint64_t before = path.CountBefore(*tree_);
  const Leaf leaf(block);
  return before + leaf.Find(tree_->book(leaf), key).pos;
}

int64_t ArtSnapshot::NetRank(Bytes key) const {
  if (!tree_ || !tree_->root) return 0;
  art::Path path;
  path.Floor(*tree_, key);
  const uint8_t* block = tree_->leaf(tree_->desc(path.desc()).leaf());
  art::PrefetchLeaf(block);
  const int64_t before = path.NetBefore(*tree_);
  const Leaf leaf(block);
  return before + leaf.net_sum(leaf.Find(tree_->book(leaf), key).pos);
}

ArtCursor ArtSnapshot::NewCursor() const {
  ArtCursor c;
  c.snapshot_ = *this;
  return c;
}

// --- Art ---

Art::Art(Options options)
    : options_(std::move(options)), orphaned_(std::make_shared<std::atomic<uint64_t>>(0)) {
  if (!options_.learning) options_.learning = std::make_shared<art::Learning>();
}

Art::~Art() {
  pinned_.clear();
  Adopt(nullptr);
}

void Art::Adopt(Engine* engine) noexcept {
  if (engine_ != engine) {
    if (engine) {
      engine->AddRef();
      engine->Own();
      engine->undo = nullptr;
    }
    if (engine_) {
      engine_->undo = nullptr;
      engine_->Disown(orphaned_);
      engine_->Unref();
    }
    engine_ = engine;
  }
  latest_.tree_ = engine_ ? &engine_->head() : nullptr;
}

Status Art::Put(Bytes key, const Entry& entry, bool* replaced) {
  return Write(key, entry, replaced, true);
}

Status Art::Add(Bytes key, const Entry& entry, bool* existed) {
  return Write(key, entry, existed, false);
}

Status Art::Write(Bytes key, const Entry& entry, bool* existed, bool overwrite) {
  if (key.size() > kMaxKeyBytes) {
    return Status::TooBig("key of " + std::to_string(key.size()) + " bytes (at most " +
                          std::to_string(kMaxKeyBytes) + ")");
  }
  assert(options_.over_base || entry.net == 1);
  KeepUndo();
  if (!engine_) {
    Engine* e = new (Allocate(sizeof(Engine)))
        Engine(options_.over_base, options_.max_units, options_.learning);
    Adopt(e);
    e->Unref();
  }
  try {
    engine_->Put(key, entry, existed, overwrite);
  } catch (const art::ArenaFull&) {
    return Status::Full("the arena is full at " + std::to_string(engine_->held_bytes()) + " bytes");
  }
  return Status();
}

Status Art::Append(const Bytes* keys, const Entry* entries, size_t n) {
  for (size_t i = 0; i < n;) {
    size_t done = 0;
    KeepUndo();
    if (engine_) {
      // A key that is too long is left to Put, which says so.
      size_t fit = i;
      while (fit < n && fit < i + art::kLeafMax && keys[fit].size() <= kMaxKeyBytes) ++fit;
      try {
        done = engine_->AppendLeaf(keys + i, entries + i, fit - i);
      } catch (const art::ArenaFull&) {
        return Status::Full("the arena is full at " + std::to_string(engine_->held_bytes()) +
                            " bytes");
      }
    }
    if (done == 0) {
      MEMKV_TRY(Put(keys[i], entries[i]));
      done = 1;
    }
    i += done;
  }
  return {};
}

bool Art::Erase(Bytes key) {
  KeepUndo();
  return engine_ && engine_->Erase(key);
}

uint64_t Art::EraseRange(Bytes lo, std::optional<Bytes> hi) {
  KeepUndo();
  if (!engine_ || (hi && *hi <= lo)) return 0;
  // No log tells what goes with whole subtrees.
  if (marked_ && !NowIsPinned()) PinForUndo(TakeSnapshot());
  return engine_->EraseRange(lo, hi);
}

bool Art::SurelyLacks(Bytes key) const { return engine_ && engine_->SurelyLacks(key); }

void Art::Clear() {
  KeepUndo();
  if (marked_ && !NowIsPinned()) PinForUndo(TakeSnapshot());
  Adopt(nullptr);
}

ArtSnapshot Art::TakeSnapshot() {
  ArtSnapshot s;
  if (!engine_) return s;
  s.pin_ = engine_->Take();
  s.tree_ = &s.pin_->tree;
  return s;
}

void Art::Restore(const ArtSnapshot& version) noexcept {
  undo_to_.reset();
  ForgetMarks();
  RestoreVersion(version);
}

void Art::RestoreVersion(const ArtSnapshot& version) noexcept {
  if (!version.pin_) return Adopt(nullptr);
  Adopt(version.pin_->engine);
  engine_->Restore(version.pin_);
}

Art::Stats Art::GetStats() const {
  Stats s = {};
  s.total_bytes = sizeof(Art) + undo_.held_bytes() + orphaned_->load(std::memory_order_relaxed);
  if (!engine_) return s;
  engine_->heap().Reap();
  const art::Usage u = art::MeasureTree(engine_->head());
  s.entries = engine_->head().size;
  s.leaves = u.leaves;
  s.node4 = u.nodes[0];
  s.node8 = u.nodes[1];
  s.node16 = u.nodes[2];
  s.node48 = u.nodes[3];
  s.node256 = u.nodes[4];
  s.height = u.height;
  s.leaf_bytes = u.leaf_bytes;
  s.directory_bytes = u.directory_bytes;
  s.descriptor_bytes = u.descriptor_bytes;
  s.book_bytes = engine_->book_bytes();
  s.slack_bytes = engine_->heap().slack_bytes();
  s.total_bytes += engine_->held_bytes();
  return s;
}

Status Art::Verify(const std::function<bool()>& poll) const {
  if (!engine_) return Status();
  engine_->heap().Reap();
  MEMKV_TRY(engine_->heap().CheckBlocks());
  return art::VerifyTree(engine_->head(), poll);
}

}  // namespace memkv
