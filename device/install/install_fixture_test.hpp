// SPDX-License-Identifier: Apache-2.0
// What the tests of the back ends share: a folder, a record with two images, and an agent's loop that waits for answers.
#pragma once

#include "device/host/monotonic_clock.hpp"
#include "device/host/temporary_folder_test.hpp"
#include "device/install/back_ends.hpp"
#include "device/install/stages.hpp"

#include <gtest/gtest.h>

#include <string>

namespace otabahn::device {

class Notes final : public Log {
  public:
    void note(std::string_view text) override { all.append(text).append("\n"); }
    std::string all;
};

class InstallTest : public testing::Test {
  protected:
    InstallTest() {
        settings.folder = settings.state = folder.path();
        settings.socket = folder.path() / "agent.sock";
        settings.self_test_seconds = std::chrono::seconds{0};
        for (std::uint8_t slot = 0; slot < 2; ++slot) {
            record.slots[slot].present = true;
            record.slots[slot].version.assign(slot == 0 ? "1.0.0" : "1.1.0");
            record.slots[slot].sha256.fill(slot);
            record.slots[slot].size = 10;
        }
    }
    // The back end that settings.install names; made at its first use, so that a test can set keys before.
    Stages& stages() {
        if (!stages_) {
            const BackEnd& row = *find_back_end(settings.install);
            slots_ = std::make_unique<SlotFiles>(settings.state, row.places(settings));
            const InstallContext context{settings, *slots_, clock, log, -1, [this]() -> const Record& { return record; }};
            stages_ = std::make_unique<Stages>(context, row.make(context));
        }
        return *stages_;
    }
    // As the agent's loop does it; an answer within 20 s.
    Input answer_of(Answer answer) {
        const Millis until = clock.now() + Millis{20'000};
        while (!answer && clock.now() < until) {
            PollSet set;
            stages().want(set);
            set.wake(clock.now() + Millis{20});  // a child's end comes by a signal in the agent
            set.wait(clock.now());
            answer = stages().poll();
        }
        EXPECT_TRUE(answer) << "no answer";
        if (!answer) return Input();
        words_ = std::string(answer->text);
        answer->text = words_;
        return *answer;
    }
    // The image lies in its slot, written as a download writes it.
    void put(std::uint8_t slot, std::string_view bytes) {
        stages();
        ASSERT_EQ(stages().prepare(slot, bytes.size()).value_or(""), "");
        ASSERT_EQ(stages().write(slot, 0, as_bytes(bytes)).value_or(""), "");
        ASSERT_EQ(stages().flush(slot).value_or(""), "");
    }
    // From the verified image to the confirmed one, as the update calls it. Its last answer.
    Input install(std::uint8_t slot) {
        record.stage = Stage::activating;
        Input answer = answer_of(stages().activate(slot));
        if (!answer.good) return answer;
        record.stage = Stage::on_trial;
        answer = answer_of(stages().restart(slot));
        if (!answer.good) return answer;
        return answer_of(stages().self_test(slot));
    }
    void hook(const std::string& name, std::string_view body) {
        settings.hooks = folder.path() / "hooks";
        const auto file = folder.write("hooks/" + name, "#!/bin/sh\n" + std::string(body) + "\n");
        std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    }

    TemporaryFolder folder;
    InstallSettings settings;
    MonotonicClock clock;
    Notes log;
    Record record;
    std::unique_ptr<SlotFiles> slots_;
    std::unique_ptr<Stages> stages_;

  private:
    std::string words_;
};

}  // namespace otabahn::device
