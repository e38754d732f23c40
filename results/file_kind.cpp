#include "file_kind.hpp"

#include <algorithm>
#include <fstream>
#include <utility>

#include "ghostnet/runtime/text.hpp"

namespace ghostnet::results {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t kHeadBytes = 512;

constexpr std::pair<std::string_view, std::string_view> kBeginnings[] = {
    {"\x0a\x0d\x0d\x0a"sv, "a packet trace (pcapng)"},
    {"\xd4\xc3\xb2\xa1"sv, "a packet trace (pcap)"},
    {"\x1f\x8b"sv, "packed with gzip (unpack it first)"},
    {"\x28\xb5\x2f\xfd"sv, "packed with zstd (unpack it first)"},
    {"\xfd"
     "7zXZ"sv,
     "packed with xz (unpack it first)"},
    {"PK\x03\x04"sv, "a zip archive"},
    {"\x7f"
     "ELF"sv,
     "a program"},
    {"\x89PNG"sv, "a picture (PNG)"},
    {"%PDF"sv, "a PDF"},
    {"<!DOCTYPE html"sv, "an HTML page"},
    {"<?xml"sv, "an XML file"}};

}  // namespace

std::string_view kind_of_file(const std::string& path) {
  std::string head(kHeadBytes, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  if (head.empty()) return "of another kind";
  for (const auto& [beginning, kind] : kBeginnings) {
    if (head.starts_with(beginning)) return kind;
  }
  return std::ranges::none_of(head, is_control_byte) ? "a text file" : "a binary file of another kind";
}

}  // namespace ghostnet::results
