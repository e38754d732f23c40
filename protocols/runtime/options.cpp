#include "ghostnet/runtime/options.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "ghostnet/runtime/text.hpp"

namespace ghostnet {
namespace {

constexpr std::size_t kMaxQuotedBytes = 64;

std::string_view article_and_kind(OptionKind kind) {
  switch (kind) {
    case OptionKind::boolean: return "true or false";
    case OptionKind::integer: return "a whole number";
    case OptionKind::real: return "a number";
    case OptionKind::text: return "a text";
    case OptionKind::duration: return "a time such as 40 ms";
    case OptionKind::data_size: return "a size such as 64 KiB";
    case OptionKind::data_rate: return "a data rate such as 50 Mbit/s";
    case OptionKind::frequency: return "a frequency such as 10 /s";
    case OptionKind::fraction: return "a part such as 0.1 %";
    case OptionKind::address: return "an IP address";
    case OptionKind::endpoint: return "an address and port such as 10.0.0.1:80";
    case OptionKind::choice: return "a choice";
    case OptionKind::other: return "a value";
  }
  return "a value";
}

}  // namespace

std::string_view to_string(OptionKind kind) {
  switch (kind) {
    case OptionKind::boolean: return "boolean";
    case OptionKind::integer: return "integer";
    case OptionKind::real: return "number";
    case OptionKind::text: return "text";
    case OptionKind::duration: return "time";
    case OptionKind::data_size: return "size";
    case OptionKind::data_rate: return "data rate";
    case OptionKind::frequency: return "frequency";
    case OptionKind::fraction: return "part";
    case OptionKind::address: return "address";
    case OptionKind::endpoint: return "endpoint";
    case OptionKind::choice: return "choice";
    case OptionKind::other: return "value";
  }
  return "value";
}

OptionText OptionText::of_argument(std::string_view text) {
  text = trimmed(text);
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return text;
  std::string_view rest = trimmed(text.substr(1, text.size() - 2));
  std::vector<std::string_view> items;
  while (!rest.empty()) items.push_back(trimmed(take_until(rest, ',')));
  return of_list(std::move(items));
}

std::string OptionDesc::expected() const {
  std::string text(article_and_kind(kind));
  if (choices != nullptr) text = fmt::format("{}", fmt::join(choices(), ", "));
  if (!unit.empty()) text += fmt::format(" of {}", unit);
  if (print_bound == nullptr) return list ? "a list: " + text : text;
  if (bounded_below() && bounded_above())
    text = fmt::format("{} to {}", print_bound(min), print_bound(max));
  else if (bounded_below())
    text = fmt::format("{} or more", print_bound(min));
  else if (bounded_above())
    text = fmt::format("{} or less", print_bound(max));
  if (!unit.empty() && (bounded_below() || bounded_above())) text += fmt::format(" {}", unit);
  return list ? "a list: each " + text : text;
}

const OptionDesc* OptionTable::find(std::string_view name) const {
  const auto found = std::ranges::find(options, name, &OptionDesc::name);
  return found == options.end() ? nullptr : &*found;
}

std::vector<std::string_view> OptionTable::names() const {
  std::vector<std::string_view> names;
  for (const OptionDesc& option : options) names.push_back(option.name);
  return names;
}

Result<> AnyOptions::set(std::string_view name, const OptionText& text) {
  const OptionDesc* const option = table_->find(name);
  if (option == nullptr) {
    return fail(Errc::not_found, "no option '{}'{}", name.substr(0, kMaxQuotedBytes),
                suggestion(name, table_->names()));
  }
  return option->set(*option, object_, text);
}

std::optional<std::string> AnyOptions::get(std::string_view name) const {
  const OptionDesc* const option = table_->find(name);
  if (option == nullptr) return std::nullopt;
  const std::optional<std::vector<std::string>> texts = option->get(object_);
  if (!texts) return std::nullopt;
  return option->list ? fmt::format("[{}]", fmt::join(*texts, ", ")) : texts->front();
}

namespace detail {

// `why` says already which text was wrong, and what was expected.
std::unexpected<Error> bad_value(const OptionDesc& option, const Error& why) {
  return fail(Errc::invalid_argument, "{}: {}", option.name, why.message());
}

std::unexpected<Error> out_of_range(const OptionDesc& option, std::string_view text) {
  return fail(Errc::invalid_argument, "{}: '{}' is out of range: expected {}", option.name, text, option.expected());
}

std::unexpected<Error> too_many_items(const OptionDesc& option, std::size_t items) {
  return fail(Errc::limit, "{}: {} items are too many: at most {}", option.name, items, OptionDesc::kMaxItems);
}

std::unexpected<Error> not_one_value(const OptionDesc& option) {
  return fail(Errc::invalid_argument, "{}: is a list: expected one value, {}", option.name, option.expected());
}

}  // namespace detail
}  // namespace ghostnet
