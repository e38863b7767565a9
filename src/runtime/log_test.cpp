// SPDX-License-Identifier: Apache-2.0
// The log's form: what a stranger sent cannot pass for a line of ours.
#include "runtime/log.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

namespace otabahn::runtime {
namespace {

std::string logged(std::string_view text) {
    std::ostringstream out;
    spdlog::logger logger("test", std::make_shared<spdlog::sinks::ostream_sink_st>(out));
    logger.set_formatter(make_log_formatter());
    logger.info("refused client={}", text);
    return out.str();
}

TEST(LogTest, AnEventIsOneLineWhateverItHolds) {
    const std::string line = logged("lamp\n2026-01-01T00:00:00.000Z info otabahn all is well\r");
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_TRUE(line.ends_with(" info test refused client=lamp\\x0a2026-01-01T00:00:00.000Z info otabahn all is well\\x0d\n")) << line;
}

TEST(LogTest, NoEscapeSequenceReachesTheTerminal) {
    EXPECT_TRUE(logged(std::string_view("\x1b[2J\0\x7f", 6)).ends_with("client=\\x1b[2J\\x00\\x7f\n"));
}

TEST(LogTest, OtherLettersStayAsTheyAre) { EXPECT_TRUE(logged("Lämpchen \"1\"").ends_with("client=Lämpchen \"1\"\n")); }

}  // namespace
}  // namespace otabahn::runtime
