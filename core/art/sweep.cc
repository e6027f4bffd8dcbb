#include "core/art/sweep.h"

#include <utility>

namespace memkv::art {

namespace {

constexpr int kLeavesPerTurn = 512;
constexpr int kRecodedAs = 20;              // other leaves: what coding one anew takes
constexpr uint64_t kTolerated = 256 << 10;  // bytes of slack that are never swept for
constexpr uint64_t kPause = 64;             // turns

uint64_t Slack(const Arena& a) { return a.held_bytes() - a.used_bytes(); }
bool Loose(const Arena& a, uint64_t part) { return Slack(a) > a.used_bytes() / part + kTolerated; }

}  // namespace

bool Sweep::Turn() noexcept {
  if (!under_way_ && pause_) {
    --pause_;
    return false;
  }
  try {
    if (!under_way_ && !Begin()) return false;
    if (!Slice(kLeavesPerTurn)) End();
  } catch (const std::bad_alloc&) {
    recode_ |= recoding_;  // begun again later
    End();
    pause_ = kPause;
  }
  return true;
}

bool Sweep::Begin() {
  Arena &leaf_arena = heap_->leaves(), &directory_arena = heap_->directory();
  const bool leaves = Loose(leaf_arena, 10),
             directory = Loose(directory_arena, 3) ||
                         directory_->inserted() > 64 + directory_arena.blocks() / 6;
  if (!leaves && !directory && !recode_) return false;
  recoding_ = std::exchange(recode_, false);
  bool any = recoding_;
  const uint64_t part = leaf_arena.used_bytes() / kGranule / 20 + 2 * kUnitGranules;
  if (leaves) any |= leaf_arena.MarkEmptiest(part, false);
  if (directory) {
    any |= directory_arena.MarkEmptiest(0, true);
    directory_->ResetInserted();
  }
  const uint64_t oldest = heap_->oldest() ? heap_->oldest()->number : 0;
  pinned_ = oldest == oldest_then_ ? oldest : 0;
  oldest_then_ = oldest;
  slack_ = heap_->slack_bytes();
  from_.clear();
  under_way_ = any;
  if (!any) pause_ = kPause;
  return any;
}

void Sweep::End() noexcept {
  under_way_ = recoding_ = false;
  from_.clear();
  heap_->leaves().Unmark();
  heap_->directory().Unmark();
  if (heap_->slack_bytes() >= slack_) pause_ = kPause + heap_->head.size / 4096;
}

// False when the whole tree has been walked.
bool Sweep::Slice(int leaves) {
  scratch_->Reset();
  const Tree& tree = heap_->head;
  Path path;
  path.Floor(tree, from_);
  size_t level = 0;
  for (int i = 0; i < leaves; ++i) {
    if (MoveMarked(path, level)) i += kRecodedAs;
    if (!path.Next(tree, &level)) return false;
    ++level;  // the frame at level was met before: those below it are new
  }
  const uint32_t n = path.SeparatorBytes(tree);
  from_.resize(n);
  path.CopySeparator(tree, n, reinterpret_cast<uint8_t*>(from_.data()));
  return true;
}

// Moves what the path meets in marked slabs: nodes from `level` on, the descriptor, the leaf, its
// far records. Whether it coded the leaf anew.
bool Sweep::MoveMarked(Path& path, size_t level) {
  const Arena &leaf_arena = heap_->leaves(), &directory_arena = heap_->directory();
  bool wanted = false;
  for (size_t i = level; i < path.height(); ++i) wanted |= directory_arena.IsMarked(path[i].node);
  const Ref leaf = heap_->head.desc(path.desc()).leaf();
  wanted |= directory_arena.IsMarked(Plain(path.desc())) || leaf_arena.IsMarked(leaf);
  const uint8_t* block = heap_->head.leaf(leaf);
  // Only leaves that have records, or another book, are looked at themselves.
  const bool far = heap_->far_records() && Leaf(block).has_records();
  const bool recode = recoding_ && LeafHead::BookOf(block) != coding_->present();
  if ((!wanted && !far && !recode) || !Movable(block)) return false;
  scratch_->Reset();
  directory_->MakeWritable(path);
  for (size_t i = level; i < path.height(); ++i) {
    if (directory_arena.IsMarked(path[i].node)) directory_->MoveNode(path, i);
  }
  if (recode) {
    LeafParts parts;
    parts.Load(heap_->LeafAt(path));
    coder_->Recode(parts);
    parts.Plan();
    directory_->StoreLeaf(path, parts);
  }
  MovePair(path);
  if (far) MoveFars(path);
  return recode;
}

void Sweep::MovePair(Path& path) {
  const Ref leaf = heap_->head.desc(path.desc()).leaf();
  const bool move_leaf = heap_->leaves().IsMarked(leaf);
  if (!move_leaf && !heap_->directory().IsMarked(Plain(path.desc()))) return;
  if (heap_->Shared(heap_->head.leaf(leaf))) return directory_->Unshare(path);
  if (move_leaf) {
    const Ref moved = heap_->CopyLeaf(leaf);
    directory_->SwapLeaf(path, moved, 0);
  }
  if (heap_->directory().IsMarked(Plain(path.desc()))) directory_->MoveDesc(path);
}

void Sweep::MoveFars(Path& path) {
  for (uint32_t i = 0; i < heap_->LeafAt(path).n; ++i) {
    const Leaf leaf = heap_->LeafAt(path);
    if ((leaf.code(i) & 3) != kFarCell) continue;
    const Ref old = Load32(leaf.cell(i));
    if (!heap_->leaves().IsMarked(old) || !Movable(heap_->head.leaf(old))) continue;
    directory_->Unshare(path);
    heap_->ReserveDead(1);
    const Ref moved = heap_->NewFar(FarRecord::Get(heap_->head.leaf(old)));
    const Leaf own = heap_->LeafAt(path);
    Store32(const_cast<uint8_t*>(own.cell(i)), moved);
    heap_->Retire(kFarBlock, old);
  }
}

}  // namespace memkv::art
