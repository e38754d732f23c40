#include "ghostnet/beacon/audience.hpp"

namespace ghostnet::beacon {

Audience::Heard Audience::on_beacon(const Endpoint& endpoint, const Message& message) {
  const auto known = senders_.find(endpoint);
  if (known == senders_.end()) {
    if (senders_.size() >= max_senders_) return {.kind = Heard::Kind::ignored};
    senders_.emplace(endpoint, Sender{message.epoch, message.sequence});
    return {.kind = Heard::Kind::fresh};
  }
  Sender& sender = known->second;
  if (sender.epoch != message.epoch) {
    sender = {message.epoch, message.sequence};
    return {.kind = Heard::Kind::fresh};
  }
  if (message.sequence <= sender.highest) return {.kind = Heard::Kind::late};
  const std::uint64_t missed = message.sequence - sender.highest - 1;
  sender.highest = message.sequence;
  return {.kind = Heard::Kind::next, .missed = missed};
}

}  // namespace ghostnet::beacon
