// FlowTable: from addresses and ports to the connection that they belong to.
//
// Open addressing with linear probing, 16 bytes a slot, at most three quarters full; no memory before its first flow.
// Its owner bounds it and supplies hashes that a peer cannot foresee. It owns none of the flows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ghostnet/runtime/address.hpp"

namespace ghostnet::tcp {

// What stands in the table: a connection, or what is left of one in TIME-WAIT.
struct Flow {
  Endpoint local;
  Endpoint peer;
  std::uint32_t hash = 0;
  bool waiting = false;  // a TimeWait
  bool listed = false;   // it stands in the table
};

class FlowTable {
 public:
  std::size_t size() const { return size_; }

  Flow* find(std::uint32_t hash, const Endpoint& local, const Endpoint& peer) const {
    if (slots_.empty()) return nullptr;
    for (std::size_t i = hash & mask();; i = (i + 1) & mask()) {
      const Slot& slot = slots_[i];
      if (slot.flow == nullptr) return nullptr;
      if (slot.hash == hash && slot.flow->peer == peer && slot.flow->local == local) return slot.flow;
    }
  }
  // There is none of the same addresses.
  void insert(Flow& flow);
  void erase(Flow& flow);
  // Brings the slot of a flow into the cache, and then what it points to.
  void prefetch_slot(std::uint32_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash & mask()]);
  }
  const Flow* likely(std::uint32_t hash) const { return slots_.empty() ? nullptr : slots_[hash & mask()].flow; }

  // visit(flow) for each, in no particular but repeatable order; visit may not change the table.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.flow != nullptr) visit(*slot.flow);
    }
  }
  std::vector<Flow*> all() const;

 private:
  struct Slot {
    Flow* flow = nullptr;
    std::uint32_t hash = 0;
  };
  std::size_t mask() const { return slots_.size() - 1; }
  void place(Flow& flow);
  void resize(std::size_t slots);

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace ghostnet::tcp
