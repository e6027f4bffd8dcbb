#include "ext/functions/tvf_stats.h"

#include "ext/poller.h"

namespace memkv::sql {

std::vector<Row> StatsSpec::Rows(Connection&, TableState& state) {
  const Session::Stats s = state.table.GetStats();
  std::vector<Row> rows;
  auto add = [&rows](const char* name, uint64_t value) {
    rows.push_back({name, static_cast<int64_t>(value)});
  };
  add("keys", s.keys);
  add("delta_keys", s.delta_keys);
  add("frozen_keys", s.frozen_keys);
  add("segments", s.frozen_keys > 0 ? 1 : 0);
  add("memory_bytes", s.memory_bytes);
  add("frozen_bytes", s.frozen_bytes);
  add("order_bytes", s.index_bytes);
  add("leaf_bytes", s.delta.leaf_bytes);
  add("directory_bytes", s.delta.directory_bytes);
  add("descriptor_bytes", s.delta.descriptor_bytes);
  add("book_bytes", s.delta.book_bytes);
  add("slack_bytes", s.delta.slack_bytes);
  rows.push_back(
      {"bytes_per_key",
       s.keys ? static_cast<double>(s.memory_bytes) / static_cast<double>(s.keys) : 0.0});
  add("leaves", s.delta.leaves);
  add("node4", s.delta.node4);
  add("node8", s.delta.node8);
  add("node16", s.delta.node16);
  add("node48", s.delta.node48);
  add("node256", s.delta.node256);
  add("height", s.delta.height);
  // A merge goes on between its steps, and on a thread, too.
  const Store::MergeProgress merge = state.GetMergeProgress();
  const bool between = !merge.phase.empty() && state.progress.total() == 0;
  rows.push_back({"phase", between ? merge.phase : std::string(state.progress.phase())});
  add("done", between ? merge.done : state.progress.done());
  add("total", between ? merge.total : state.progress.total());
  return rows;
}

std::vector<Row> CheckSpec::Rows(Connection& connection, TableState& state) {
  Poller poller(connection.db());
  const Status status = state.table.Verify([&](uint64_t, uint64_t) { return poller.Stop(); });
  if (status.ok()) return {};
  if (status.code() != Status::kCorrupt) Check(status);
  return {{status.message()}};
}

}  // namespace memkv::sql
