#include "ghostnet/results/junit.hpp"

#include <fmt/format.h>

#include "ghostnet/results/measured.hpp"
#include "ghostnet/runtime/text.hpp"

namespace ghostnet::results {

namespace {

using nlohmann::json;

std::string text_of(const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }
double seconds_of(const json& document, const char* field) {
  return document[field].is_number() ? document[field].get<double>() : 0;
}

// "mesh [network.loss=1 %, repeat 2]"
std::string suite_name(const json& document) {
  std::string name = document["name"].is_string() ? text_of(document["name"]) : text_of(document["file"]);
  std::string words;
  if (document["sweep_point"].is_object()) {
    for (const auto& [path, value] : document["sweep_point"].items()) {
      words += fmt::format("{}{}={}", words.empty() ? "" : ", ", path, text_of(value));
    }
  }
  if (document["repeat"] != 0)
    words += fmt::format("{}repeat {}", words.empty() ? "" : ", ", document["repeat"].dump());
  return words.empty() ? name : fmt::format("{} [{}]", name, words);
}

struct Suite {
  std::string cases;
  int tests = 0;
  int failures = 0;
  int errors = 0;

  // `verdict` is an element for what is wrong, or nothing.
  void add(const std::string& suite, std::string_view name, double wall_s, const std::string& verdict) {
    ++tests;
    cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"", xml_escaped(suite),
                         xml_escaped(name), wall_s);
    cases += verdict.empty() ? "/>\n" : fmt::format(">\n      {}\n    </testcase>\n", verdict);
  }
};

std::string error_element(const json& document) {
  const json& error = document["error"];
  if (!error.is_object())
    return fmt::format("<error type=\"{0}\" message=\"the run was {0}\"/>", text_of(document["status"]));
  const std::string file = text_of(error.value("file", json("")));
  const auto line = error.value("line", 0);
  const std::string place = line > 0 ? fmt::format("{}:{}:{}: ", file, line, error.value("column", 0)) : "";
  return fmt::format("<error type=\"error\" message=\"{}\"/>", xml_escaped(place + text_of(error["message"])));
}

std::string failure_element(const json& expectation) {
  const std::string value =
      expectation["value"].is_null()
          ? "nothing was measured"
          : "it is " + measured_text(text_of(expectation["expr"]), expectation["value"].get<double>());
  return fmt::format("<failure type=\"expectation\" message=\"{}: {}\"/>", xml_escaped(text_of(expectation["expr"])),
                     xml_escaped(value));
}

Suite suite_of(const json& document, const std::string& name) {
  Suite suite;
  const double wall_s = seconds_of(document, "wall_s");
  const std::string status = text_of(document["status"]);
  const bool came_to_a_verdict = status == "passed" || status == "failed";
  const json& expectations = document["expectations"];
  if (!came_to_a_verdict || expectations.empty()) {
    const std::string verdict = came_to_a_verdict ? "" : error_element(document);
    suite.errors += verdict.empty() ? 0 : 1;
    suite.add(name, "run", wall_s, verdict);
    return suite;
  }
  for (const json& expectation : expectations) {
    const bool held = expectation["ok"].get<bool>();
    suite.failures += held ? 0 : 1;
    suite.add(name, text_of(expectation["expr"]), wall_s / static_cast<double>(expectations.size()),
              held ? "" : failure_element(expectation));
  }
  return suite;
}

std::string properties(const json& document) {
  std::string out = "    <properties>\n";
  for (const char* field :
       {"file", "mode", "carrier", "seed", "repeat", "digest", "revision", "hosts", "simulated_s"}) {
    if (document[field].is_null()) continue;
    out += fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", field, xml_escaped(text_of(document[field])));
  }
  for (const auto& [path, value] : document["parameters"].items()) {
    out += fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", xml_escaped(path), xml_escaped(text_of(value)));
  }
  return out + "    </properties>\n";
}

}  // namespace

std::string xml_escaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_sequence_bytes(text.substr(at));
    const char c = text[at];
    if (length == 0 || (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r')) {
      out += "\xef\xbf\xbd";
    } else if (length > 1) {
      out += text.substr(at, length);
    } else {
      switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        default: out += c;
      }
    }
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

std::string junit_xml(std::span<const json> documents) {
  std::string suites;
  int tests = 0, failures = 0, errors = 0;
  double wall_s = 0;
  for (const json& document : documents) {
    const std::string name = suite_name(document);
    const Suite suite = suite_of(document, name);
    suites += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3f}\">\n",
                          xml_escaped(name), suite.tests, suite.failures, suite.errors, seconds_of(document, "wall_s"));
    suites += properties(document) + suite.cases + "  </testsuite>\n";
    tests += suite.tests;
    failures += suite.failures;
    errors += suite.errors;
    wall_s += seconds_of(document, "wall_s");
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites name=\"ghostnet\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3f}\">\n{}</testsuites>\n",
      tests, failures, errors, wall_s, suites);
}

}  // namespace ghostnet::results
