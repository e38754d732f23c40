#include "live_node.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>

#include "command.hpp"
#include "ghostnet/crypto/secret.hpp"
#include "ghostnet/libp2p/service.hpp"
#include "ghostnet/runtime/text.hpp"

namespace ghostnet::cli {
namespace {

constexpr std::uint16_t kDnsPort = 53;
constexpr std::size_t kMaxResolvConfBytes = 64 * 1024;
constexpr std::size_t kMaxKeyFileBytes = 16 * 1024;
constexpr std::size_t kMaxBootstrapBytes = 64 * 1024;

Result<> write_key(const std::string& path, const std::vector<std::uint8_t>& bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return fail(error_from_errno(errno, "making the key file " + path));
  const ssize_t written = ::write(fd, bytes.data(), bytes.size());
  const int write_errno = errno;
  ::close(fd);
  if (written == static_cast<ssize_t>(bytes.size())) return {};
  return fail(error_from_errno(write_errno, "writing the key file " + path));
}

}  // namespace

Result<libp2p::KeyPair> load_or_make_key(const std::string& path, crypto::SecureRandom& random) {
  if (path.empty()) return libp2p::KeyPair::generate_ed25519(random);
  if (std::filesystem::exists(path)) {
    using std::filesystem::perms;
    std::error_code unknown;
    const perms others = perms::group_all | perms::others_all;
    if ((std::filesystem::status(path, unknown).permissions() & others) != perms::none && !unknown) {
      fmt::print(stderr, "ghostnet: warning: others than its owner may use the key file {}; chmod 600 keeps them out\n",
                 path);
    }
    Result<std::string> bytes = read_file(path, kMaxKeyFileBytes);
    if (!bytes) return fail(bytes.error().while_doing("reading the key file " + path));
    Result<libp2p::KeyPair> key = libp2p::KeyPair::decode(as_bytes(*bytes));
    crypto::wipe({reinterpret_cast<std::uint8_t*>(bytes->data()), bytes->size()});
    if (!key) return fail(key.error().while_doing("reading the key file " + path));
    return key;
  }
  libp2p::KeyPair key = libp2p::KeyPair::generate_ed25519(random);
  std::vector<std::uint8_t> encoded = key.encode();
  const Result<> written = write_key(path, encoded);
  crypto::wipe(encoded);
  if (!written) return fail(written);
  return key;
}

Result<std::vector<libp2p::Multiaddr>> bootstrap_list(const std::string& path) {
  std::vector<libp2p::Multiaddr> addresses;
  if (path.empty()) return addresses;
  const Result<std::string> text = read_file(path, kMaxBootstrapBytes);
  if (!text) return fail(text.error().while_doing("reading the bootstrap list " + path));
  std::string_view rest = *text;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    std::string_view line = take_until(rest, '\n');
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    const auto address = libp2p::Multiaddr::parse(line);
    if (!address) return fail(address.error().while_doing(fmt::format("{}:{}", path, number)));
    addresses.push_back(*address);
  }
  if (addresses.empty()) return fail(Errc::invalid_argument, "{}: the bootstrap list names nobody", path);
  return addresses;
}

Result<dns::ResolverOptions> dns_of(const std::vector<std::string>& servers) {
  dns::ResolverOptions options;
  for (const std::string& server : servers) {
    if (const Result<Endpoint> endpoint = Endpoint::parse(server)) {
      options.servers.push_back(*endpoint);
    } else if (const Result<IpAddress> address = IpAddress::parse(server)) {
      options.servers.emplace_back(*address, kDnsPort);
    } else {
      return fail(Errc::invalid_argument, "--dns {}: expected ADDRESS or ADDRESS:PORT", server);
    }
  }
  if (!servers.empty()) return options;
  if (const Result<std::string> text = read_file("/etc/resolv.conf", kMaxResolvConfBytes)) {
    options.servers = dns::servers_of(*text);
  }
  return options;
}

Result<std::vector<libp2p::Security>> security_of(const std::vector<std::string>& names) {
  std::vector<libp2p::Security> security;
  for (const std::string& name : names) {
    const Result<libp2p::Security> one = OptionType<libp2p::Security>::parse(name);
    if (!one) return fail(Errc::invalid_argument, "--security {}: expected noise, tls or plaintext", name);
    security.push_back(*one);
  }
  if (security.empty()) return fail(Errc::invalid_argument, "--security: expected noise, tls or plaintext");
  return security;
}

}  // namespace ghostnet::cli
