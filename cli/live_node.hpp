// What `ghostnet node` and `ghostnet ping` share: a live world with one libp2p node in it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ghostnet/dns/text_resolver.hpp"
#include "ghostnet/libp2p/node.hpp"
#include "ghostnet/realnet/host.hpp"
#include "ghostnet/realnet/world.hpp"

namespace ghostnet::cli {

// The key of a file as libp2p stores it (protobuf PrivateKey), which is made, readable by its owner alone, where there
// is none; a fresh key for an empty path.
Result<libp2p::KeyPair> load_or_make_key(const std::string& path, crypto::SecureRandom& random);

// The addresses of a file with one on each line; what stands behind a # is a remark. None for an empty path. Errors:
// those of reading; invalid_argument, and malformed with the line.
Result<std::vector<libp2p::Multiaddr>> bootstrap_list(const std::string& path);

// Of `--dns`; where nothing is said, of /etc/resolv.conf. Errors: invalid_argument.
Result<dns::ResolverOptions> dns_of(const std::vector<std::string>& servers);

// Of `--security noise,tls`. Errors: invalid_argument.
Result<std::vector<libp2p::Security>> security_of(const std::vector<std::string>& names);

}  // namespace ghostnet::cli
