// SampleFeed: samples in memory as a table of SQL, `sample_feed (host_id, value)`, for the connection that it is
// offered to. A statement that selects from it inserts a whole frame in one go, which takes a third of the time that
// binding and stepping an insertion for each row does.
//
// The feed outlives the connection. It is read by one statement at a time, while what it holds stays in place.
#pragma once

#include <span>

#include "ghostnet/results/database.hpp"
#include "ghostnet/runtime/result_sink.hpp"

namespace ghostnet::results {

class SampleFeed {
 public:
  SampleFeed() = default;
  SampleFeed(const SampleFeed&) = delete;
  SampleFeed& operator=(const SampleFeed&) = delete;

  // Makes the table known to the connection.
  Result<> offer_to(const Database& database);
  // What the table has from here on.
  void hold(std::span<const Sample> samples) { samples_ = samples; }
  std::span<const Sample> samples() const { return samples_; }

 private:
  std::span<const Sample> samples_;
};

}  // namespace ghostnet::results
