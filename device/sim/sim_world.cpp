// SPDX-License-Identifier: Apache-2.0
#include "device/sim/sim_world.hpp"

#include <algorithm>
#include <iterator>

namespace otabahn::device::sim {

SimWorld::SimWorld(const WorldSettings& settings, std::vector<std::uint8_t> first_image, std::string first_version)
    : flash(settings.slot_bytes), settings_(settings), first_image_(std::move(first_image)) {
    SlotImage image;
    image.size = first_image_.size();
    image.sha256 = toy_hash(first_image_);
    image.version.assign(first_version);
    const Record record = device::Update::factory_record(image);
    flash.put(0, first_image_);
    for (std::uint8_t page = 0; page < 2; ++page) {
        const ByteView encoded = encode_record(record, {}, page + 1U, page_);
        flash.pages_[page].assign(encoded.begin(), encoded.end());
    }
}

void SimWorld::start() {
    const Settings settings{
        .thing = "T",
        .policy = {settings_.product, settings_.hardware, settings_.slot_bytes, settings_.require_release, settings_.allow_downgrade,
                   settings_.allow_unsigned},
        .block_bytes = settings_.block_bytes,
        .link = {.max_window_bytes = settings_.window_bytes},
        .max_bytes_per_second = settings_.max_bytes_per_second,
    };
    std::fill(bitmap_.begin(), bitmap_.end(), std::uint8_t{0xAA});  // memory after a boot holds anything
    update_ = std::make_unique<device::Update>(settings, Memory{out_, document_, scratch_, signature_, bitmap_, page_});
    runner_ = std::make_unique<Runner>(*update_, Ports{flash, flash, *this, *this, *this, *this, *this});
    running_image.clear();
    cloud.to_device.clear();
    watch_persisted();
    std::optional<std::uint8_t> running;
    if (settings_.boots == Boots::machine) {
        // A boot loader as MCUboot is one: a trial gets one boot.
        if (!keep_boot_id) {
            if (flash.trial_pending)
                flash.trial_pending = false;
            else
                flash.boot_slot = flash.confirmed_slot;
            booted_slot_ = flash.boot_slot;
        }
        running = booted_slot_;
        const ByteView image = flash.slot(*running, settings_.slot_bytes);
        running_image.assign(image.begin(), image.end());
    }
    if (!keep_boot_id) {
        for (std::uint8_t& byte : boot_)
            if (++byte != 0) break;
        ++reboots;
    }
    keep_boot_id = false;
    runner_->boot(boot_, running, settings_.boots == Boots::machine);
}

// What the flash calls persisted must not be served again while that download goes on.
void SimWorld::watch_persisted() {
    std::vector<std::uint8_t> bitmap(64);
    const auto loaded = decode_newest(flash.read(0), flash.read(1), bitmap);
    for (std::size_t block = 0; block < persisted_.size(); ++block)
        if (persisted_[block] && cloud.served[block] > served_before_[block]) ++blocks_persisted_then_served;
    persisted_.clear();
    if (!loaded || loaded->record.stage != Stage::downloading) return;
    if (watched_ && loaded->record.slots[loaded->record.target()].identity != *watched_) return;
    served_before_ = cloud.served;
    for (std::uint32_t block = 0; block < loaded->record.blocks; ++block) persisted_.push_back((bitmap[block / 8] >> (block % 8) & 1) != 0);
}

std::uint64_t SimWorld::served_again() const {
    std::uint64_t again = 0;
    for (const auto& [block, times] : cloud.served) again += times - 1;
    return again;
}

void SimWorld::restart_server(Millis away) {
    cloud.to_device.clear();
    runner_->feed(Input::connection(false));
    now_ += away;
    runner_->feed(Input::connection(true));
}

bool SimWorld::run() {
    try {
        while (true) {
            try {
                if (update_ == nullptr) {
                    start();
                    runner_->feed(Input::connection(true));
                }
                for (const Millis until = now_ + Millis{3'600'000}; now_ < until;) {
                    if (between_messages) between_messages();
                    if (!cloud.to_device.empty()) {
                        const Message message = std::move(cloud.to_device.front());
                        cloud.to_device.pop_front();
                        now_ += Millis{5};
                        runner_->feed(Input::message(message.topic, as_bytes(message.payload)));
                        if (drop_connection_every_message && (now_.count() / 5) % 7 == 0) {
                            cloud.to_device.clear();
                            runner_->feed(Input::connection(false));
                            runner_->feed(Input::connection(true));
                        }
                        continue;
                    }
                    if (cloud.over() && update_->state() == State::idle) break;
                    const Millis wake = runner_->wake_at();
                    if (wake == Millis::max()) break;
                    now_ = std::max(now_ + Millis{1}, wake);
                    runner_->tick();
                }
                watch_persisted();
                return true;
            } catch (const MachineBoots&) {
                flash.lose_power();
                update_.reset();
            }
        }
    } catch (const PowerCut&) {
        flash.lose_power();
        flash.never_cut();
        ++cuts;
        update_.reset();
        return false;
    }
}

ByteView SimWorld::bootable() const {
    std::vector<std::uint8_t> bitmap(64);
    const auto loaded = decode_newest(flash.pages_[0], flash.pages_[1], bitmap);
    if (!loaded) return {};
    std::uint8_t slot = loaded->record.active;
    if (settings_.boots == Boots::machine) slot = flash.trial_pending ? flash.boot_slot : flash.confirmed_slot;
    const SlotImage& image = loaded->record.slots[slot];
    const ByteView bytes = flash.slot(slot, image.size);
    return image.present && toy_hash(bytes) == image.sha256 ? bytes : ByteView();
}

Answer SimWorld::check(const SignatureFacts& signature, ByteView, const Digest*) {
    if (signature.certificate == "unknown") return Input::checked(Trust::unknown_certificate);
    return Input::checked(as_text(signature.value) == good_signature ? Trust::good : Trust::wrong);
}

Answer SimWorld::verify(std::uint8_t slot, std::uint64_t size, const SignatureFacts& signature) {
    flash.step();
    const ByteView bytes = flash.slot(slot, size);
    if (bytes.size() < size) return Input::verified(false, {}, Trust::good);
    const bool bad = std::equal(bytes.begin(), bytes.end(), trusted_bad.begin(), trusted_bad.end());
    const bool signed_well = signature.kind == SignatureKind::none || as_text(signature.value) == good_signature;
    return Input::verified(true, toy_hash(bytes), bad || !signed_well ? Trust::wrong : Trust::good);
}

Answer SimWorld::restart(std::uint8_t slot) {
    flash.step();
    if (settings_.boots == Boots::machine && machine_stays_up) throw PowerCut{};
    if (settings_.boots == Boots::machine && refuses_to_boot_back && slot == update_->record().active)
        return Input::done(ActionKind::restart, false, "no boot today");
    if (settings_.boots == Boots::machine) told_at_boots.push_back(cloud.status());
    if (settings_.boots == Boots::machine) throw MachineBoots{};
    const ByteView image = flash.slot(slot, update_->record().slots[slot].size);
    running_image.assign(image.begin(), image.end());
    return Input::done(ActionKind::restart, true);
}

Answer SimWorld::self_test(std::uint8_t) {
    flash.step();
    if (new_image_boots) return Input::done(ActionKind::self_test, true);
    return Input::trial_failed(Reason::self_test, "no banner");
}

void SimWorld::publish(std::string_view topic, ByteView payload, std::uint8_t) { cloud.receive(topic, as_text(payload)); }

}  // namespace otabahn::device::sim
