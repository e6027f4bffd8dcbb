#include "core/art/verify.h"

#include <string>

#include "core/pace.h"
#include "core/shown.h"

namespace memkv::art {

namespace {

Leaf LeafAt(const Tree& tree, const Path& path) {
  return Leaf(tree.leaf(tree.desc(path.desc()).leaf()));
}

void CopySeparator(const Tree& tree, const Path& path, std::string* out) {
  out->resize(path.SeparatorBytes(tree));
  path.CopySeparator(tree, static_cast<uint32_t>(out->size()),
                     reinterpret_cast<uint8_t*>(out->data()));
}

class Verifier {
 public:
  Verifier(const Tree& tree, const std::function<bool()>& poll) : tree_(tree), poll_(poll) {}

  Status Run() {
    if (tree_.root) {
      Path path;
      path.First(tree_);
      size_t level;
      do {
        CopySeparator(tree_, path, &separator_);
        MEMKV_TRY(CheckFences(path));
        MEMKV_TRY(CheckKeys(path));
        MEMKV_TRY(CheckSums(path));
      } while (path.Next(tree_, &level));
    }
    if (entries_ != tree_.size)
      return Status::Corrupt("art: " + std::to_string(entries_) + " entries, counted " +
                             std::to_string(tree_.size));
    if (nets_ != tree_.net)
      return Status::Corrupt("art: nets sum to " + std::to_string(nets_) + ", counted " +
                             std::to_string(tree_.net));
    return {};
  }

 private:
  // The separator of this leaf, and what the leaf skips.
  Status CheckFences(const Path& path) {
    const Leaf leaf = LeafAt(tree_, path);
    if (leaf.n == 0 || leaf.n > kLeafMax)
      return Wrong("leaf of " + std::to_string(leaf.n) + " keys");
    if (!any_ && !separator_.empty())
      return Status::Corrupt("art: first separator is " + Shown(separator_));
    if (any_ && separator_ <= last_)
      return Status::Corrupt("art: separator " + Shown(separator_) + " not above " + Shown(last_));
    if (leaf.skip > separator_.size() || (leaf.skip && leaf.skip > path.SharedWithNext(tree_)))
      return Wrong("leaf skips " + std::to_string(leaf.skip) + " bytes");
    Path found;
    found.Floor(tree_, separator_);
    if (found.desc() != path.desc() || tree_.Floor(separator_) != path.desc())
      return Status::Corrupt("art: separator lost: " + Shown(separator_));
    return {};
  }

  // Its keys ascend, and are found where they are.
  Status CheckKeys(const Path& path) {
    const Leaf leaf = LeafAt(tree_, path);
    const TokenBook* book = tree_.book(leaf);
    std::string key;
    for (uint32_t i = 0; i < leaf.n; ++i) {
      if (due_ && poll_ && poll_()) return Status::Interrupted();
      key.resize(leaf.KeyBytes(book, i));
      auto* out = reinterpret_cast<uint8_t*>(key.data());
      const uint32_t skip = std::min(leaf.skip, static_cast<uint32_t>(key.size()));
      path.CopySeparator(tree_, skip, out);
      leaf.AssembleKey(book, i, skip, out, static_cast<uint32_t>(key.size()));
      if (key < separator_)
        return Status::Corrupt("art: key " + Shown(key) + " below its separator " +
                               Shown(separator_));
      if (any_ && key <= last_)
        return Status::Corrupt("art: key " + Shown(key) + " after " + Shown(last_));
      if (i && leaf.l(i) != CommonPrefix(key, last_))
        return Status::Corrupt("art: shared length wrong at " + Shown(key));
      if (tree_.Floor(key) != path.desc())
        return Status::Corrupt("art: key not below its leaf: " + Shown(key));
      const LeafPos pos = leaf.Find(book, key);
      if (!pos.exact || pos.pos != i) return Status::Corrupt("art: key not found: " + Shown(key));
      last_.swap(key);
      due_ = pace_.Due(last_.size());
      any_ = true;
    }
    return {};
  }

  // What the nodes above say of it.
  Status CheckSums(const Path& path) {
    if (path.CountBefore(tree_) != entries_) return Wrong("counts wrong");
    if (path.NetBefore(tree_) != nets_) return Wrong("net counts wrong");
    const Leaf leaf = LeafAt(tree_, path);
    entries_ += leaf.n;
    nets_ += leaf.net_sum(leaf.n);
    for (size_t i = 0; i < path.height(); ++i) {
      const Node* x = tree_.node(path[i].node);
      if (x->max != tree_.MaxOf(x->at(x->Before(Node::kNone)))) return Wrong("max wrong above it");
    }
    return {};
  }

  Status Wrong(const std::string& what) const {
    return Status::Corrupt("art: " + what + " at the leaf from " + Shown(separator_));
  }

  const Tree& tree_;
  const std::function<bool()>& poll_;
  Pace pace_;
  bool due_ = false;
  std::string separator_;
  std::string last_;  // the key before
  bool any_ = false;  // there is one
  uint64_t entries_ = 0;
  int64_t nets_ = 0;
};

}  // namespace

Status VerifyTree(const Tree& tree, const std::function<bool()>& poll) {
  return Verifier(tree, poll).Run();
}

Usage MeasureTree(const Tree& tree) {
  Usage u;
  if (!tree.root) return u;
  const auto block = [](size_t bytes) { return uint64_t{Arena::Granules(bytes)} * kGranule; };
  Path path;
  size_t level = 0;
  path.First(tree);
  do {
    u.height = std::max<uint64_t>(u.height, path.height());
    for (size_t i = level; i < path.height(); ++i) {
      // A node is counted where it is entered: the frame at `level` was there before.
      const Node* x = tree.node(path[i].node);
      if (path[i].slot != x->After(Node::kNone)) continue;
      ++u.nodes[x->kind];
      u.directory_bytes += block(Node::Bytes(x->kind, x->prefix_len, tree.nets));
    }
    u.descriptor_bytes += block(tree.desc(path.desc()).bytes());
    ++u.leaves;
    const Leaf leaf = LeafAt(tree, path);
    u.leaf_bytes += size_t{leaf.granules} * kGranule;
    for (uint32_t i = 0; leaf.has_records() && i < leaf.n; ++i) {
      if ((leaf.code(i) & 3) != kFarCell) continue;
      u.leaf_bytes +=
          block(FarRecord::Bytes(FarRecord::Get(tree.leaf(Load32(leaf.cell(i)))).size()));
    }
  } while (path.Next(tree, &level));
  return u;
}

}  // namespace memkv::art
