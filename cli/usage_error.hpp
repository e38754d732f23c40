// What is wrong with a command line, for the person who typed it: the word, what it may have been meant to be, and
// where help is.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace ghostnet::cli {

// Of a parse of `app` that failed with `error`, which is no request for help or for the version; `word` is the first
// one typed after the program's name, or empty.
std::string explain_usage_error(const CLI::App& app, const CLI::ParseError& error, const std::string& word);

}  // namespace ghostnet::cli
