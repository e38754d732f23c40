// `ghostnet bench --calibrate`: prices of a simulated CPU, measured on this machine.
#pragma once

namespace ghostnet::cli {

// Prints cpu_per_packet, cpu_per_aead_kib and cpu_per_handshake as the keys of a scenario that take them, or as JSON.
int calibrate(bool json);

}  // namespace ghostnet::cli
