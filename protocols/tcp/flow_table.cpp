#include "ghostnet/tcp/flow_table.hpp"

#include <cassert>
#include <utility>

namespace ghostnet::tcp {

namespace {

constexpr std::size_t kFirstSlots = 4;

}  // namespace

void FlowTable::insert(Flow& flow) {
  if ((size_ + 1) * 4 > slots_.size() * 3) resize(slots_.empty() ? kFirstSlots : slots_.size() * 2);
  place(flow);
  flow.listed = true;
  ++size_;
}

void FlowTable::place(Flow& flow) {
  std::size_t i = flow.hash & mask();
  while (slots_[i].flow != nullptr) i = (i + 1) & mask();
  slots_[i] = {&flow, flow.hash};
}

void FlowTable::resize(std::size_t slots) {
  std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots));
  for (const Slot& slot : old) {
    if (slot.flow != nullptr) place(*slot.flow);
  }
}

// Those behind it in its run move up, so that no run is broken and no tombstone stays.
void FlowTable::erase(Flow& flow) {
  assert(flow.listed);
  flow.listed = false;
  --size_;
  std::size_t hole = flow.hash & mask();
  while (slots_[hole].flow != &flow) hole = (hole + 1) & mask();
  for (std::size_t i = (hole + 1) & mask(); slots_[i].flow != nullptr; i = (i + 1) & mask()) {
    std::size_t home = slots_[i].hash & mask();
    if (((i - home) & mask()) < ((i - hole) & mask())) continue;
    slots_[hole] = slots_[i];
    hole = i;
  }
  slots_[hole] = {};
  if (size_ == 0) {
    slots_ = {};
  } else if (slots_.size() > 64 && size_ * 8 < slots_.size()) {
    resize(slots_.size() / 4);
  }
}

std::vector<Flow*> FlowTable::all() const {
  std::vector<Flow*> flows;
  flows.reserve(size_);
  for_each([&](Flow& flow) { flows.push_back(&flow); });
  return flows;
}

}  // namespace ghostnet::tcp
