// SPDX-License-Identifier: Apache-2.0
// A simulated device and its cloud, run message by message and cut where the test says; after each cut it boots again from
// what the flash holds. Owned by one test.
#pragma once

#include "device/port/runner.hpp"
#include "device/sim/sim_cloud.hpp"
#include "device/sim/sim_device.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace otabahn::device::sim {

enum class Boots { agent_starts_program, machine };

struct WorldSettings {
    std::uint32_t block_bytes = 256;
    std::uint32_t window_bytes = 1'024;
    std::size_t slot_bytes = 8'192;
    std::uint64_t max_bytes_per_second = 0;
    Boots boots = Boots::agent_starts_program;
    bool require_release = false, allow_downgrade = false, allow_unsigned = false;
    std::string product = "lamp", hardware = "rev-b";
};

class SimWorld final : public Verifier, public Program, public Transport, public Log, public Clock {
  public:
    SimWorld(const WorldSettings& settings, std::vector<std::uint8_t> first_image, std::string first_version);

    SimFlash flash;
    SimCloud cloud{"T", "S"};

    // Boots, connects, and carries on until the job is over, nothing happens any more, or an hour has gone by. False: the power went.
    bool run();
    // What would run if the device booted now, read from the flash alone; empty: nothing.
    ByteView bootable() const;
    device::Update& update() { return *update_; }
    bool new_image_boots = true;
    // What the application says to a download, now or (nothing) later.
    Answer leave = Input::done(ActionKind::allow_download, true);
    bool machine_stays_up = false;  // the boot that was asked for has not come yet
    void answer(const Input& input) { runner_->feed(input); }
    std::vector<std::uint8_t> trusted_bad;  // an image of which the verifier says "wrong"
    std::vector<std::string> log;
    std::vector<std::uint8_t> running_image;  // what the device runs at this moment
    int reboots = 0;
    std::vector<std::string> told_at_boots;  // the job's status when the machine went down
    bool refuses_to_boot_back = false;
    std::uint64_t restarts_of_agent_only = 0;
    bool keep_boot_id = false;  // the next start is one of the agent, not of the machine
    bool drop_connection_every_message = false;
    std::function<void()> between_messages;  // what else goes on in the world
    // The server goes and comes back: what was on its way is lost.
    void restart_server(Millis away);
    void jump(Millis ahead) { now_ += ahead; }
    // The image that is served from now on: what is stored of another one may be fetched again.
    void watch(const Digest& image) {
        watched_ = image;
        persisted_.clear();
    }
    // What the signature's bytes must be; the hint "unknown" is of no trusted certificate.
    static constexpr std::string_view good_signature = "good-signature";
    std::size_t blocks_persisted_then_served = 0;
    std::uint64_t cuts = 0;
    // Blocks that came more than once, and how many of them a cut may cost at the most: those in flight or not stored yet.
    std::uint64_t served_again() const;
    std::uint64_t window_blocks() const { return settings_.window_bytes / settings_.block_bytes; }

    // Ports.
    Answer check(const SignatureFacts& signature, ByteView message, const Digest* digest) override;
    Answer verify(std::uint8_t slot, std::uint64_t size, const SignatureFacts& signature) override;
    Answer allow_download(std::uint8_t, std::string_view, ByteView) override { return leave; }
    Answer restart(std::uint8_t slot) override;
    Answer self_test(std::uint8_t slot) override;
    void publish(std::string_view topic, ByteView payload, std::uint8_t qos) override;
    void subscribe(std::string_view topic) override { subscriptions.emplace_back(topic); }
    void unsubscribe(std::string_view) override {}
    void note(std::string_view text) override { log.emplace_back(text); }
    Millis now() const override { return now_; }
    std::vector<std::string> subscriptions;

  private:
    struct MachineBoots {};
    void start();
    void watch_persisted();

    WorldSettings settings_;
    std::vector<std::uint8_t> first_image_;
    Millis now_{1'000};
    BootId boot_{};
    std::uint8_t booted_slot_ = 0;  // of a machine that boots its images
    std::vector<char> out_ = std::vector<char>(8'192), document_ = std::vector<char>(4'096);
    std::vector<std::uint8_t> scratch_ = std::vector<std::uint8_t>(4'096), signature_ = std::vector<std::uint8_t>(512),
                              bitmap_ = std::vector<std::uint8_t>(64), page_ = std::vector<std::uint8_t>(2'048);
    std::unique_ptr<device::Update> update_;
    std::unique_ptr<Runner> runner_;
    std::vector<bool> persisted_;
    std::optional<Digest> watched_;  // none: whatever is ordered
    std::map<std::uint64_t, std::uint64_t> served_before_;
};

}  // namespace otabahn::device::sim
