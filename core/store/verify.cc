#include "core/store/verify.h"

#include <memory>
#include <string>

#include "core/pace.h"
#include "core/store/index_delta.h"

namespace memkv {

Status VerifyOrder(const ArtSnapshot& delta, const Rows::Poll& poll) {
  ArtCursor c = delta.NewCursor();
  std::string previous;
  uint64_t entries = 0;
  int64_t net = 0;
  Pace pace;
  for (c.SeekFirst(); c.Valid(); c.Next(), ++entries) {
    if (entries > 0 && c.key() <= previous) {
      return Status::Corrupt("delta entry " + std::to_string(entries) +
                             " is not above the one before it");
    }
    previous = c.key();
    net += c.entry().net;
    if (pace.Due(previous.size()) && poll && poll(0, 2)) return Status::Interrupted();
  }
  if (entries == delta.size() && net == delta.net()) return {};
  return Status::Corrupt("the delta counts " + std::to_string(delta.size()) + " entries of net " +
                         std::to_string(delta.net()) + " and holds " + std::to_string(entries) +
                         " of net " + std::to_string(net));
}

namespace {

// Each delta entry says truly whether the base has its key.
Status VerifyOverrides(const ArtSnapshot& delta, const Fst& base, const Rows::Poll& poll) {
  ArtCursor d = delta.NewCursor();
  Pace pace;
  for (d.SeekFirst(); d.Valid(); d.Next()) {
    bool in_base;
    uint64_t rank;
    MEMKV_TRY(base.Find(d.key(), &in_base, &rank));
    if ((d.entry().net == 1) == in_base) {
      return Status::Corrupt("delta entry " + std::to_string(d.rank()) + " counts " +
                             std::to_string(d.entry().net) + " where the frozen base " +
                             (in_base ? "has" : "lacks") + " its key");
    }
    if (pace.Due(d.key().size()) && poll && poll(1, 2)) return Status::Interrupted();
  }
  return {};
}

Status VerifyIndex(const View& view, size_t i, const IndexDef& index, const Rows::Poll& poll) {
  const std::string name = "the index of column " + index.ToText();
  std::unique_ptr<Art> right;
  MEMKV_TRY(MakeIndexDelta(view.delta(), view.base().get(), index, nullptr, poll, &right));
  ArtCursor a = view.Index(i).delta().NewCursor(), b = right->Latest().NewCursor();
  a.SeekFirst();
  b.SeekFirst();
  Pace pace;
  for (uint64_t n = 0; a.Valid() || b.Valid(); ++n, a.Next(), b.Next()) {
    if (pace.Due(a.Valid() ? a.key().size() : 0) && poll && poll(1, 2))
      return Status::Interrupted();
    if (a.Valid() && b.Valid() && a.key() == b.key() && a.entry().net == b.entry().net) continue;
    return Status::Corrupt(name + ": entry " + std::to_string(n) +
                           " of the delta is not what the rows make it");
  }
  if (view.Index(i).size() == view.size()) return {};
  return Status::Corrupt(name + " counts " + std::to_string(view.Index(i).size()) +
                         " rows (expected: " + std::to_string(view.size()) + ")");
}

}  // namespace

Status VerifyView(const View& view, const std::vector<IndexDef>& indexes, const Rows::Poll& poll) {
  if (poll && poll(0, 2)) return Status::Interrupted();
  if (view.base()) {
    MEMKV_TRY(view.base()->Verify([&poll](uint64_t, uint64_t) { return poll && poll(1, 2); }));
    if (poll && poll(1, 2)) return Status::Interrupted();
    MEMKV_TRY(VerifyOverrides(view.delta(), *view.base(), poll));
  }
  for (size_t i = 0; i < indexes.size(); ++i) MEMKV_TRY(VerifyIndex(view, i, indexes[i], poll));
  return {};
}

}  // namespace memkv
