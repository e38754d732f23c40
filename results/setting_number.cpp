#include "setting_number.hpp"

#include "ghostnet/runtime/quantity.hpp"

namespace ghostnet::results {

std::optional<double> setting_number(std::string_view text) {
  if (const auto real = parse_real(text)) return *real;
  if (const auto time = parse_duration(text)) return static_cast<double>(time->count()) / 1e9;
  if (const auto size = parse_data_size(text)) return static_cast<double>(size->bytes);
  if (const auto rate = parse_data_rate(text)) return static_cast<double>(rate->bits_per_second);
  if (const auto rate = parse_frequency(text)) return static_cast<double>(rate->micro_per_hour) / 3.6e9;
  if (text.ends_with('%')) {
    text.remove_suffix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    if (const auto percent = parse_real(text)) return *percent / 100;
  }
  return std::nullopt;
}

std::string_view setting_unit(std::string_view text) {
  if (text.empty() || parse_real(text)) return {};
  if (text.ends_with('%')) return "%";
  if (parse_duration(text)) return "ns";
  if (parse_data_size(text)) return "bytes";
  if (parse_data_rate(text)) return "bit/s";
  if (parse_frequency(text)) return "1/s";
  return {};
}

}  // namespace ghostnet::results
