// Verify and Measure: the whole structure walked.

#include <string>

#include "core/art/engine.h"
#include "core/pace.h"
#include "core/shown.h"

namespace memkv::art {

uint64_t Engine::slack_bytes() const {
  return directory_.held_bytes() + leaves_.held_bytes() - directory_.used_bytes() -
         leaves_.used_bytes();
}

uint64_t Engine::held_bytes() const {
  uint64_t n = sizeof(Engine) + directory_.held_bytes() + leaves_.held_bytes() + coding_.bytes() +
               scratch_.bytes();
  n += dead_.capacity() * sizeof(Dead) + walk_.capacity() * sizeof(walk_[0]);
  for (const Version* v = newest_; v; v = v->older) n += sizeof(Version);
  return n;
}

Engine::Usage Engine::Measure() const {
  Usage u;
  if (!head.root) return u;
  Path path;
  size_t level = 0;
  path.First(head);
  do {
    u.height = std::max<uint64_t>(u.height, path.height());
    for (size_t i = level; i < path.height(); ++i) {
      // A node is counted where it is entered: the frame at `level` was there before.
      const Node* x = head.node(path[i].node);
      if (path[i].slot != x->After(Node::kNone)) continue;
      ++u.nodes[x->kind];
      u.directory_bytes +=
          Arena::Granules(Node::Bytes(x->kind, x->prefix_len, head.nets)) * kGranule;
    }
    const Desc d = head.desc(path.desc());
    u.descriptor_bytes += Arena::Granules(d.bytes()) * kGranule;
    ++u.leaves;
    const Leaf leaf(head.leaf(d.leaf()));
    u.leaf_bytes += size_t{leaf.granules} * kGranule;
    if (leaf.has_records()) {
      for (uint32_t i = 0; i < leaf.n; ++i) {
        if ((leaf.code(i) & 3) != kFarCell) continue;
        u.leaf_bytes += Arena::Granules(FarRecord::Bytes(
                            FarRecord::Get(head.leaf(Load32(leaf.cell(i)))).size())) *
                        kGranule;
      }
    }
  } while (path.Next(head, &level));
  return u;
}

Status Engine::Verify(const std::function<bool()>& poll) {
  if (!directory_.Consistent() || !leaves_.Consistent())
    return Status::Corrupt("art: arena sizes do not add up");
  // Every leaf in order: separators, skips, keys, counts.
  uint64_t entries = 0;
  int64_t nets = 0;
  std::string last;
  bool any = false;
  if (head.root) {
    Path path;
    path.First(head);
    size_t level = 0;
    std::string sep, next_sep;
    Pace pace;
    bool due = false;
    for (bool more = true; more;) {
      const Leaf leaf = LeafAt(path);
      sep.resize(path.SeparatorBytes(head));
      path.CopySeparator(head, static_cast<uint32_t>(sep.size()),
                         reinterpret_cast<uint8_t*>(sep.data()));
      if (leaf.n == 0 || leaf.n > kLeafMax)
        return Status::Corrupt("art: leaf of " + std::to_string(leaf.n) + " keys at " + Shown(sep));
      if (!any && !sep.empty()) return Status::Corrupt("art: first separator is " + Shown(sep));
      if (leaf.skip > sep.size() || (leaf.skip && leaf.skip > path.SharedWithNext(head))) {
        return Status::Corrupt("art: leaf skips " + std::to_string(leaf.skip) + " bytes at " +
                               Shown(sep));
      }
      Path found;
      found.Floor(head, sep);
      if (found.desc() != path.desc() || head.Floor(sep) != path.desc())
        return Status::Corrupt("art: separator lost: " + Shown(sep));
      for (uint32_t i = 0; i < leaf.n; ++i) {
        if (due && poll && poll()) return Status::Interrupted();
        std::string key(leaf.KeyBytes(head.book(leaf), i), 0);
        auto* out = reinterpret_cast<uint8_t*>(key.data());
        const uint32_t skip = std::min(leaf.skip, static_cast<uint32_t>(key.size()));
        path.CopySeparator(head, skip, out);
        leaf.AssembleKey(head.book(leaf), i, skip, out, static_cast<uint32_t>(key.size()));
        if (key < sep)
          return Status::Corrupt("art: key " + Shown(key) + " below its separator " + Shown(sep));
        if (any && key <= last)
          return Status::Corrupt("art: key " + Shown(key) + " after " + Shown(last));
        if (i && leaf.l(i) != CommonPrefix(key, last))
          return Status::Corrupt("art: shared length wrong at " + Shown(key));
        if (head.Floor(key) != path.desc())
          return Status::Corrupt("art: key not below its leaf: " + Shown(key));
        const LeafPos pos = leaf.Find(head.book(leaf), key);
        if (!pos.exact || pos.pos != i) return Status::Corrupt("art: key not found: " + Shown(key));
        last.swap(key);
        due = pace.Due(last.size());
        any = true;
      }
      if (path.CountBefore(head) != entries)
        return Status::Corrupt("art: counts wrong before " + Shown(sep));
      if (path.NetBefore(head) != nets)
        return Status::Corrupt("art: net counts wrong before " + Shown(sep));
      entries += leaf.n;
      nets += leaf.net_sum(leaf.n);
      for (size_t i = 0; i < path.height(); ++i) {
        const Node* x = node(path[i].node);
        if (x->max != head.MaxOf(x->at(x->Before(Node::kNone))))
          return Status::Corrupt("art: max wrong above " + Shown(sep));
      }
      Path next = path;
      more = next.Next(head, &level);
      if (more) {
        next_sep.resize(next.SeparatorBytes(head));
        next.CopySeparator(head, static_cast<uint32_t>(next_sep.size()),
                           reinterpret_cast<uint8_t*>(next_sep.data()));
        if (next_sep <= last)
          return Status::Corrupt("art: separator " + Shown(next_sep) + " not above " + Shown(last));
        path = next;
      }
    }
  }
  if (entries != head.size)
    return Status::Corrupt("art: " + std::to_string(entries) + " entries, counted " +
                           std::to_string(head.size));
  if (nets != head.net)
    return Status::Corrupt("art: nets sum to " + std::to_string(nets) + ", counted " +
                           std::to_string(head.net));
  // Every block belongs to the present tree or to a dead list.
  uint64_t blocks = lost_;
  auto count = [&](BlockKind kind, Ref) { blocks += kind == kPairBlock ? 2 : 1; };
  Walk(
      head.root, [](BlockKind, Ref) { return true; }, count);
  for (const Version* v = newest_; v; v = v->older) {
    for (uint32_t e = v->dead; e; e = dead_[e - 1].next) {
      const Dead& d = dead_[e - 1];
      if (d.birth > v->number) return Status::Corrupt("art: dead block younger than its snapshot");
      count(static_cast<BlockKind>(d.kind), d.ref);
    }
  }
  const uint64_t held = directory_.blocks() + leaves_.blocks();
  if (blocks != held)
    return Status::Corrupt("art: " + std::to_string(blocks) + " blocks known, " +
                           std::to_string(held) + " allocated");
  return Status();
}

}  // namespace memkv::art
