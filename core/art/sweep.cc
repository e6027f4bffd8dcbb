// Sweeps: blocks leave the emptiest slabs, so that these can go back; nodes are laid out in
// pre-order, descriptors beside them, so that a descent touches fewer lines; leaves are coded with
// the present token book.
//
// A sweep marks slabs, then walks the tree in key order, a slice at a time between writes, and
// moves what it meets in a marked slab. Nothing is allocated there, so after one walk nothing of
// the present tree is left in them. A block that a snapshot sees is copied and retired like one
// that is written to, unless an old snapshot would keep the original for long.

#include <algorithm>
#include <utility>

#include "core/art/edit_store.h"
#include "core/art/engine.h"

namespace memkv::art {

namespace {

constexpr int kTurn = 64;  // writes between two slices
constexpr int kLeavesPerTurn = 512;
constexpr int kRecodedAs = 20;              // other leaves: what coding one anew takes
constexpr uint64_t kTolerated = 256 << 10;  // bytes of slack that are never swept for

uint64_t Slack(const Arena& a) { return a.held_bytes() - a.used_bytes(); }
bool Loose(const Arena& a, uint64_t part) { return Slack(a) > a.used_bytes() / part + kTolerated; }

}  // namespace

void Engine::TendNow() noexcept {
  tend_in_ = kTurn;
  if (undoing_) return;
  if (!head.root) return;
  try {
    coding_.DropUnused();
    if (coding_.IsLearning(head.size)) LearnSlice();
    if (!sweeping_) {
      if (sweep_pause_) {
        --sweep_pause_;
        return;
      }
      if (!BeginSweep()) return;
    }
    if (!SweepSlice(kLeavesPerTurn)) EndSweep();
  } catch (const std::bad_alloc&) {
    recode_ |= recoding_;  // begun again later
    EndSweep();
    sweep_pause_ = 64;
  }
}

bool Engine::BeginSweep() {
  const bool leaves = Loose(leaves_, 10),
             directory = Loose(directory_, 3) || splits_ > 64 + directory_.blocks() / 6;
  if (!leaves && !directory && !recode_) return false;
  recoding_ = std::exchange(recode_, false);
  bool any = recoding_;
  const uint64_t part = leaves_.used_bytes() / kGranule / 20 + 2 * kUnitGranules;
  if (leaves) any |= leaves_.MarkEmptiest(part, false);
  if (directory) {
    any |= directory_.MarkEmptiest(0, true);
    splits_ = 0;
  }
  pinned_ = oldest_ && oldest_->number == oldest_then_ ? oldest_->number : 0;
  oldest_then_ = oldest_ ? oldest_->number : 0;
  sweep_slack_ = Slack(leaves_) + Slack(directory_);
  sweep_from_.clear();
  sweeping_ = any;
  if (!any) sweep_pause_ = 64;
  return any;
}

void Engine::EndSweep() noexcept {
  sweeping_ = recoding_ = false;
  sweep_from_.clear();
  leaves_.Unmark();
  directory_.Unmark();
  if (Slack(leaves_) + Slack(directory_) >= sweep_slack_) sweep_pause_ = 64 + head.size / 4096;
}

// False when the whole tree has been walked.
bool Engine::SweepSlice(int leaves) {
  scratch_.Reset();
  hinted_ = false;
  path_.Floor(head, sweep_from_);
  size_t level = 0;
  for (int i = 0; i < leaves; ++i) {
    if (MoveMarked(path_, level)) i += kRecodedAs;
    if (!path_.Next(head, &level)) return false;
    ++level;  // the frame at level was met before: those below it are new
  }
  const uint32_t n = path_.SeparatorBytes(head);
  sweep_from_.resize(n);
  path_.CopySeparator(head, n, reinterpret_cast<uint8_t*>(sweep_from_.data()));
  return true;
}

// Moves what the path meets in marked slabs: nodes from `level` on, the descriptor, the leaf, its
// far records. Whether it coded the leaf anew.
bool Engine::MoveMarked(Path& path, size_t level) {
  bool wanted = false;
  for (size_t i = level; i < path.height(); ++i) wanted |= directory_.IsMarked(path[i].node);
  const Ref leaf = head.desc(path.desc()).leaf();
  wanted |= directory_.IsMarked(Plain(path.desc())) || leaves_.IsMarked(leaf);
  const uint8_t* block = head.leaf(leaf);
  // Only leaves that have records, or another book, are looked at themselves.
  const bool far = far_records_ && Leaf(block).has_records();
  const bool recode = recoding_ && LeafHead::BookOf(block) != coding_.present();
  if ((!wanted && !far && !recode) || !Movable(block)) return false;
  scratch_.Reset();
  MakeWritable(path);
  for (size_t i = level; i < path.height(); ++i) {
    const Ref old = path[i].node;
    if (!directory_.IsMarked(old)) continue;
    const uint32_t g =
        Arena::Granules(Node::Bytes(node(old)->kind, node(old)->prefix_len, head.nets));
    const Ref r = directory_.Allocate(g);
    Refresh();
    std::memcpy(static_cast<void*>(node(r)), node(old), size_t{g} * kGranule);
    Link(path, i, r);
    path[i].node = r;
    FreeNode(old);
  }
  if (recode) {
    parts_.Load(LeafAt(path));
    coder_.Recode(parts_);
    parts_.Plan();
    ReplaceLeaf(path, parts_);
  }
  Desc desc = head.desc(path.desc());
  if (directory_.IsMarked(Plain(path.desc())) || leaves_.IsMarked(desc.leaf())) {
    if (Shared(head.leaf(desc.leaf()))) {
      UnsharePair(path);
    } else {
      if (leaves_.IsMarked(desc.leaf())) {
        const Ref old = desc.leaf();
        const Ref moved = CopyLeaf(old);
        SetBirth(leaves_.At(moved), Birth(leaves_.At(old)));
        desc.set_leaf(moved);
        FreeLeaf(old);
      }
      if (directory_.IsMarked(Plain(path.desc()))) {
        const Ref old = path.desc();
        LinkDesc(path, NewDesc(desc.leaf(),
                               {reinterpret_cast<const char*>(desc.tail()), desc.tail_len()}));
        FreeDesc(old);
      }
    }
  }
  if (far) MoveFars(path);
  return recode;
}

void Engine::MoveFars(Path& path) {
  for (uint32_t i = 0; i < LeafAt(path).n; ++i) {
    const Leaf leaf = LeafAt(path);
    if ((leaf.code(i) & 3) != kFarCell) continue;
    const Ref old = Load32(leaf.cell(i));
    if (!leaves_.IsMarked(old) || !Movable(head.leaf(old))) continue;
    UnsharePair(path);
    ReserveDead(1);
    const Ref moved = NewFar(FarRecord::Get(head.leaf(old)));
    const Leaf own = LeafAt(path);
    Store32(const_cast<uint8_t*>(own.cell(i)), moved);
    Retire(kFarBlock, old);
  }
}

}  // namespace memkv::art
