// The schema of a results file: whose it is (application_id), which version (user_version), and how one becomes the
// next. docs/results.md explains the tables and views to those who query them.
#pragma once

#include <cstdint>
#include <span>

#include "ghostnet/results/database.hpp"

namespace ghostnet::results {

inline constexpr std::int64_t kApplicationId = 0x474e4554;  // "GNET"
// The version that this program writes, and the newest that it reads.
inline constexpr std::int64_t kSchemaVersion = 2;

// migrations()[v] brings a file from version v to v + 1; from 0, which is an empty file.
std::span<const char* const> migrations();

// The version of a file of ours. Errors: invalid_argument for somebody else's file, or a newer one.
Result<std::int64_t> checked_version(const Database& database, DatabaseOptions::Access access);

// Brings the file to the last of `steps`, in one transaction.
Result<> migrate(const Database& database, std::span<const char* const> steps = migrations());

}  // namespace ghostnet::results
