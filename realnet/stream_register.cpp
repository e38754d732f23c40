#include "ghostnet/realnet/stream_register.hpp"

#include "ghostnet/realnet/kernel_stream.hpp"

namespace ghostnet::realnet {

std::vector<ConnectionReading> StreamRegister::read(HostId host) const {
  std::vector<ConnectionReading> readings;
  const auto found = streams_.find(host);
  if (found == streams_.end()) return readings;
  for (const KernelStream* stream : found->second) {
    if (const std::optional<ConnectionReading> reading = stream->reading()) readings.push_back(*reading);
  }
  return readings;
}

}  // namespace ghostnet::realnet
