#pragma once

#include "command.hpp"

namespace ghostnet::cli {

// In which form: for people, as one JSON document, as a JSON Schema of scenarios, or as their reference page.
enum class ListForm { text, json, schema, reference };
int list(ListForm form, const Program& program);

}  // namespace ghostnet::cli
