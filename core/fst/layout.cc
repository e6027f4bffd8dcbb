#include "core/fst/layout.h"

#include <algorithm>
#include <queue>
#include <utility>

#include "core/fst/format.h"

namespace memkv::fst {
namespace {

constexpr uint64_t kClusterBytes = 1024;

uint64_t SizeOf(const Record& record, const Layout& layout, uint32_t id) {
  return record.bytes +
         uint64_t{record.links} * (record.fused ? layout.link_bytes[id] : layout.ref_bytes);
}

std::vector<uint32_t> ClusterOrder(const Records& records, const Layout& layout,
                                   Progress* progress) {
  const size_t n = records.records.size();
  std::vector<bool> placed(n, false);
  std::vector<uint32_t> order, roots, rest;
  order.reserve(n);
  // Heaviest first; among equals the one made first.
  std::priority_queue<std::pair<uint64_t, uint32_t>> queue;
  // After the root come the records that only hot references lead to.
  for (uint32_t start = 0; start < n; ++start) {
    if (!placed[start]) roots.push_back(start);
    while (!roots.empty()) {
      const uint32_t root = roots.back();
      roots.pop_back();
      if (placed[root]) continue;
      if (progress->Stop(2000)) return order;
      queue.push({records.records[root].weight, ~root});
      uint64_t used = 0;
      for (; !queue.empty();) {
        const uint32_t id = ~queue.top().second;
        if (placed[id]) {
          queue.pop();
          continue;
        }
        const Record& record = records.records[id];
        const uint64_t size = SizeOf(record, layout, id);
        if (used > 0 && used + size > kClusterBytes) break;
        placed[id] = true;
        order.push_back(id);
        used += size;
        queue.pop();
        for (uint32_t i = 0; i < record.links; ++i) {
          const uint32_t to = records.links[record.link + i].record;
          if (!placed[to]) queue.push({records.records[to].weight, ~to});
        }
      }
      rest.clear();
      for (; !queue.empty(); queue.pop()) rest.push_back(~queue.top().second);
      std::sort(rest.begin(), rest.end(), std::greater<>());
      roots.insert(roots.end(), rest.begin(), rest.end());
    }
  }
  return order;
}

}  // namespace

Layout PlaceRecords(const Records& records, uint32_t least_bytes, Progress* progress) {
  const size_t n = records.records.size();
  Layout layout;
  layout.link_bytes.assign(n, static_cast<uint8_t>(std::max(2u, least_bytes)));
  layout.ref_bytes = std::max(4u, least_bytes);
  layout.order = ClusterOrder(records, layout, progress);
  if (progress->stopped()) return layout;

  // Widths only grow from here, so this ends.
  std::fill(layout.link_bytes.begin(), layout.link_bytes.end(), static_cast<uint8_t>(least_bytes));
  layout.ref_bytes = least_bytes;
  layout.address.resize(n);
  for (bool grew = true; grew;) {
    grew = false;
    uint64_t at = 0;
    for (uint32_t id : layout.order) {
      layout.address[id] = at;
      at += SizeOf(records.records[id], layout, id);
    }
    layout.total_bytes = at;
    for (uint32_t id = 0; id < n; ++id) {
      const Record& record = records.records[id];
      for (uint32_t i = 0; i < record.links; ++i) {
        const uint64_t to = layout.address[records.links[record.link + i].record];
        if (record.fused) {
          const uint32_t width = WidthOf(to - layout.address[id] - record.head);
          if (width > layout.link_bytes[id])
            layout.link_bytes[id] = static_cast<uint8_t>(width), grew = true;
        } else {
          const uint32_t width = WidthOf(to);
          if (width > layout.ref_bytes) layout.ref_bytes = width, grew = true;
        }
      }
    }
  }
  return layout;
}

void EmitRecords(const Records& records, const Layout& layout, std::string* out) {
  for (uint32_t id : layout.order) {
    const Record& record = records.records[id];
    const char* bytes = records.bytes.data() + record.at;
    const Link* links = records.links.data() + record.link;
    if (record.fused) {
      const size_t head = out->size() + record.head;
      out->append(bytes, record.cut);
      const uint32_t width = layout.link_bytes[id];
      (*out)[head] = static_cast<char>((*out)[head] | (width - 1));
      for (uint32_t i = 0; i < record.links; ++i) {
        AppendWide(out, layout.address[links[i].record] - layout.address[id] - record.head, width);
      }
      out->append(bytes + record.cut, record.bytes - record.cut);
    } else {
      uint32_t from = 0;
      for (uint32_t i = 0; i < record.links; ++i) {
        out->append(bytes + from, links[i].at - from);
        AppendWide(out, layout.address[links[i].record], layout.ref_bytes);
        from = links[i].at;
      }
      out->append(bytes + from, record.bytes - from);
    }
  }
}

}  // namespace memkv::fst
