// ExportText: text on its way out, in pieces.
#pragma once

#include <fmt/format.h>

#include <string>

#include "ghostnet/runtime/byte_sink.hpp"

namespace ghostnet::results {

class ExportText {
 public:
  explicit ExportText(const ByteSink& out) : out_(out) {}

  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    if (text_.size() >= kPieceBytes) flush();
  }
  std::string& text() { return text_; }
  // The first failure so far.
  Result<> flush() {
    if (status_ && !text_.empty()) status_ = out_(as_bytes(text_));
    text_.clear();
    return status_;
  }

 private:
  static constexpr std::size_t kPieceBytes = 64 * 1024;

  const ByteSink& out_;
  std::string text_;
  Result<> status_;
};

}  // namespace ghostnet::results
