// SPDX-License-Identifier: Apache-2.0
#include "device/core/transitions.hpp"

#include "device/core/reason.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace otabahn::device {
namespace {

TEST(Transitions, EveryStateIsReachedFromTheStart) {
    std::set<State> reached = {State::starting};
    for (bool grown = true; grown;) {
        grown = false;
        for (const Transition& row : Table::rows())
            if (reached.contains(row.from) && reached.insert(row.to).second) grown = true;
    }
    for (int state = 0; state <= static_cast<int>(State::reporting); ++state)
        EXPECT_TRUE(reached.contains(static_cast<State>(state))) << name_of(static_cast<State>(state));
}

TEST(Transitions, EveryStateButTheUnusableOneLeadsBackToIdle) {
    for (int start = 0; start <= static_cast<int>(State::reporting); ++start) {
        if (static_cast<State>(start) == State::unusable) continue;
        std::set<State> reached = {static_cast<State>(start)};
        for (bool grown = true; grown;) {
            grown = false;
            for (const Transition& row : Table::rows())
                if (reached.contains(row.from) && reached.insert(row.to).second) grown = true;
        }
        EXPECT_TRUE(reached.contains(State::idle)) << name_of(static_cast<State>(start));
    }
}

TEST(Transitions, NoRowStandsBehindOneThatAlwaysFits) {
    const auto rows = Table::rows();
    for (std::size_t i = 0; i < rows.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            EXPECT_FALSE(rows[j].from == rows[i].from && rows[j].on == rows[i].on && rows[j].guard == nullptr)
                << "row " << i << " is never taken";
}

TEST(Transitions, EveryStateHearsOfTheConnection) {
    for (int state = static_cast<int>(State::idle); state <= static_cast<int>(State::reporting); ++state)
        for (const Event event : {Event::connected, Event::disconnected}) {
            bool heard = false;
            for (const Transition& row : Table::rows()) heard = heard || (row.from == static_cast<State>(state) && row.on == event);
            EXPECT_TRUE(heard) << name_of(static_cast<State>(state));
        }
}

TEST(Transitions, WhatWaitsForAnAnswerHasARowForTheBadOne) {
    const std::pair<State, Event> rows[] = {{State::judging, Event::refused},
                                            {State::waiting, Event::declined},
                                            {State::verifying, Event::mismatched},
                                            {State::activating, Event::activation_failed},
                                            {State::restarting, Event::restart_failed},
                                            {State::on_trial, Event::failed_trial},
                                            {State::confirming, Event::confirmation_failed},
                                            {State::rolling_back, Event::roll_back_failed},
                                            {State::downloading, Event::write_failed}};
    for (const auto& [state, event] : rows) {
        bool found = false;
        for (const Transition& row : Table::rows()) found = found || (row.from == state && row.on == event);
        EXPECT_TRUE(found) << name_of(state);
    }
}

TEST(Reasons, WordsAndNumbersAreUnique) {
    std::set<std::string_view> words;
    std::set<int> numbers;
    for (const ReasonRow& row : reason_table) {
        EXPECT_TRUE(words.insert(row.word).second) << row.word;
        EXPECT_TRUE(numbers.insert(static_cast<int>(row.reason)).second) << row.word;
        EXPECT_EQ(reason_from(static_cast<std::uint8_t>(row.reason)), row.reason);
    }
    EXPECT_EQ(reason_from(255), Reason::none);
}

TEST(Reasons, TheDocumentListsTheTable) {
    std::ifstream file(OTABAHN_SOURCE_DIR "/docs/device.md");
    std::stringstream text;
    text << file.rdbuf();
    for (const ReasonRow& row : reason_table) {
        if (row.reason == Reason::none) continue;
        const std::string line = "| `" + std::string(row.word) + "` | " + std::string(row.status) + " | " + std::string(row.meaning) + " |";
        EXPECT_NE(text.str().find(line), std::string::npos) << "docs/device.md lacks: " << line;
    }
}

}  // namespace
}  // namespace otabahn::device
