#include "ghostnet/crypto/shared_results.hpp"

#include <algorithm>
#include <cstring>

#include "sodium.hpp"

namespace ghostnet::crypto {
namespace {

// Owned by those who hold it.
std::weak_ptr<SharedResults>& slot() {
  thread_local std::weak_ptr<SharedResults> held;
  return held;
}

class Digest {
 public:
  Digest() {
    prepare_sodium();
    crypto_generichash_init(&state_, nullptr, 0, sizeof(SharedResults::Key));
  }
  Digest& add(ByteView bytes) {
    const std::uint64_t size = bytes.size();  // in front, so that parts cannot run into each other
    crypto_generichash_update(&state_, reinterpret_cast<const std::uint8_t*>(&size), sizeof(size));
    crypto_generichash_update(&state_, bytes.data(), bytes.size());
    return *this;
  }
  SharedResults::Key key() {
    SharedResults::Key key;
    crypto_generichash_final(&state_, key.data(), key.size());
    return key;
  }

 private:
  crypto_generichash_state state_;
};

// The place of an input among the digests: by its size and both ends of its last part.
std::size_t place_of(ByteView last, std::size_t size) {
  std::uint64_t ends[2] = {};
  const std::size_t known = std::min(last.size(), sizeof(ends[0]));
  if (known != 0) {
    std::memcpy(&ends[0], last.data(), known);
    std::memcpy(&ends[1], last.data() + last.size() - known, known);
  }
  std::uint64_t sum = (ends[0] ^ size) * 0x9e37'79b9'7f4a'7c15;
  sum = (sum ^ ends[1]) * 0xd6e8'feb8'6659'fd93;
  return static_cast<std::size_t>(sum >> 32) % SharedResults::kDigests;
}

bool is_made_of(ByteView whole, std::span<const ByteView> parts) {
  for (const ByteView part : parts) {
    if (part.size() > whole.size() || !equal(whole.first(part.size()), part)) return false;
    whole = whole.subspan(part.size());
  }
  return whole.empty();
}

}  // namespace

std::size_t SharedResults::HashOfKey::operator()(const Key& key) const {
  std::size_t hash = 0;
  std::memcpy(&hash, key.data(), sizeof(hash));
  return hash;
}

std::shared_ptr<SharedResults> SharedResults::of_this_thread() {
  std::shared_ptr<SharedResults> held = slot().lock();
  if (!held) slot() = held = std::make_shared<SharedResults>();
  return held;
}

SharedResults* SharedResults::in_use() { return slot().lock().get(); }

SharedResults::Key SharedResults::key_of_verification(ByteView public_key, ByteView message, ByteView signature) {
  return Digest().add(public_key).add(message).add(signature).key();
}

SharedResults::Key SharedResults::key_of_agreement(ByteView one, ByteView other) {
  if (compare(other, one) < 0) std::swap(one, other);
  return Digest().add(one).add(other).key();
}

std::optional<bool> SharedResults::verified(const Key& key) {
  ++counters_.verifications;
  const auto known = verifications_.find(key);
  if (known == verifications_.end()) return std::nullopt;
  ++counters_.verifications_known;
  return known->second;
}

void SharedResults::keep_verified(const Key& key, bool fits) {
  if (verifications_.size() >= kMaxEntries) verifications_.clear();
  verifications_.emplace(key, fits);
}

bool SharedResults::take_agreed(const Key& key, MutableByteView shared) {
  ++counters_.agreements;
  const auto known = agreements_.find(key);
  if (known == agreements_.end()) return false;
  ++counters_.agreements_known;
  std::memcpy(shared.data(), known->second.data(), known->second.view().size());
  agreements_.erase(known);
  return true;
}

void SharedResults::keep_agreed(const Key& key, ByteView shared) {
  if (agreements_.size() >= kMaxEntries) agreements_.clear();
  agreements_.emplace(key, Secret<32>::of(shared));
}

Sha256Digest SharedResults::sha256_of(std::span<const ByteView> parts) {
  ++counters_.digests;
  std::size_t size = 0;
  for (const ByteView part : parts) size += part.size();
  if (digests_.empty()) digests_.resize(kDigests);
  Digested& kept = digests_[place_of(parts.back(), size)];
  if (is_made_of(kept.input, parts)) {
    ++counters_.digests_known;
    return kept.digest;
  }
  kept.input.clear();
  for (const ByteView part : parts) kept.input.insert(kept.input.end(), part.begin(), part.end());
  hash(HashKind::sha256, kept.input, kept.digest);
  return kept.digest;
}

}  // namespace ghostnet::crypto
