#include "core/art/node.h"

namespace memkv::art {

namespace {

// Moves elements [slot, n) of an array of 32-bit ones one up; [slot + 1, n) one down.
void OpenGap(uint8_t* a, int slot, uint32_t n) {
  std::memmove(a + 4 * slot + 4, a + 4 * slot, 4 * (n - static_cast<uint32_t>(slot)));
}
void CloseGap(uint8_t* a, int slot, uint32_t n) {
  std::memmove(a + 4 * slot, a + 4 * slot + 4, 4 * (n - static_cast<uint32_t>(slot) - 1));
}

}  // namespace

void Node::AddSlot(uint8_t c, Ref kid, uint32_t count, int32_t net, bool with_nets) noexcept {
  uint8_t* k = keys();
  int slot = c;
  if (kind != kNode256) {
    assert(n < cap());
    if (kind == kNode48) {
      slot = map256::RankOf(k, c);
    } else {
      for (slot = n; slot > 0 && k[slot - 1] > c; --slot) k[slot] = k[slot - 1];
      k[slot] = c;
    }
    OpenGap(kids(), slot, n);
    OpenGap(counts() + 4, slot, n);
    if (with_nets) OpenGap(nets() + 4, slot, n);
  }
  if (kind >= kNode48) {
    k[c >> 3] |= static_cast<uint8_t>(1 << (c & 7));
    if (kind == kNode48) map256::CountWords(k);
  }
  ++n;
  set_kid(slot, kid);
  Store32(counts() + 4 * (slot + 1), count);
  if (with_nets) Store32(nets() + 4 * (slot + 1), static_cast<uint32_t>(net));
}

void Node::RemoveSlot(int slot, bool with_nets) noexcept {
  if (slot == kTermSlot) return SetTerm(0, 0, 0, with_nets);
  uint8_t* k = keys();
  if (kind >= kNode48) {
    const uint8_t c = ByteAt(slot);
    k[c >> 3] &= static_cast<uint8_t>(~(1 << (c & 7)));
    if (kind == kNode48) map256::CountWords(k);
  } else {
    std::memmove(k + slot, k + slot + 1, n - static_cast<uint32_t>(slot) - 1);
  }
  if (kind == kNode256) {
    set_kid(slot, 0);
    Store32(counts() + 4 * (slot + 1), 0);
    if (with_nets) Store32(nets() + 4 * (slot + 1), 0);
  } else {
    CloseGap(kids(), slot, n);
    CloseGap(counts() + 4, slot, n);
    if (with_nets) CloseGap(nets() + 4, slot, n);
  }
  --n;
}

void Node::SetTerm(Ref to, uint32_t count, int32_t net, bool with_nets) noexcept {
  term = to;
  Store32(counts(), count);
  if (with_nets) Store32(nets(), static_cast<uint32_t>(net));
}

void Node::CopySlots(const Node& from, bool with_nets) noexcept {
  const auto net = [&](int slot) { return with_nets ? from.net(slot) : 0; };
  max = from.max;
  SetTerm(from.term, from.count(kTermSlot), net(kTermSlot), with_nets);
  for (int s = from.After(kTermSlot); s != kNone; s = from.After(s)) {
    AddSlot(from.ByteAt(s), from.kid(s), from.count(s), net(s), with_nets);
  }
}

}  // namespace memkv::art
