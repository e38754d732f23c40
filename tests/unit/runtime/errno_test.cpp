// What errors of the operating system are called.
#include <gtest/gtest.h>

#include <cerrno>

#include "ghostnet/runtime/result.hpp"

namespace ghostnet::errno_test {
namespace {

TEST(Errnos, WhatDisksAndPathsDoIsNoBugOfOurs) {
  EXPECT_EQ(errc_from_errno(ENOTDIR), Errc::not_found);
  EXPECT_EQ(errc_from_errno(EISDIR), Errc::invalid_argument);
  EXPECT_EQ(errc_from_errno(ENAMETOOLONG), Errc::invalid_argument);
  EXPECT_EQ(errc_from_errno(ELOOP), Errc::invalid_argument);
  EXPECT_EQ(errc_from_errno(ENOSPC), Errc::limit);
  EXPECT_EQ(errc_from_errno(EDQUOT), Errc::limit);
  EXPECT_EQ(errc_from_errno(EFBIG), Errc::limit);
  EXPECT_EQ(errc_from_errno(EROFS), Errc::permission);
  EXPECT_EQ(errc_from_errno(EIO), Errc::closed);
  EXPECT_EQ(errc_from_errno(ETXTBSY), Errc::busy);
  EXPECT_EQ(errc_from_errno(EFAULT), Errc::internal) << "a wrong pointer is one";
}

TEST(Errnos, AMessageSaysWhatWasBeingDone) {
  EXPECT_EQ(error_from_errno(ENOSPC, "writing a").message(), "writing a: No space left on device");
}

}  // namespace
}  // namespace ghostnet::errno_test
