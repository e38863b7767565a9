// SPDX-License-Identifier: Apache-2.0
#include "device/core/transitions.hpp"

#include <array>

namespace otabahn::device {

struct Table::Written {
    using enum State;
    using U = Update;
    using E = Event;
    static constexpr Transition table[] = {
        // What a start finds. A trial that this very boot began starts over; one of an earlier boot has failed.
        {starting, E::boot, &U::no_record, &U::say_unusable, unusable},
        {starting, E::boot, &U::on_trial_and_running, &U::begin_self_test, on_trial},
        {starting, E::boot, &U::on_trial_since_this_boot, &U::start_trial_again, restarting},
        {starting, E::boot, &U::armed_in_this_boot, &U::wait_for_boot, restarting},
        {starting, E::boot, &U::booted_into_target, &U::begin_trial_here, on_trial},
        {starting, E::boot, &U::armed_but_elsewhere, &U::fail_not_booted, rolling_back},
        {starting, E::boot, &U::on_trial_since_another_boot, &U::roll_back_after_reboot, rolling_back},
        {starting, E::boot, &U::confirming_but_elsewhere, &U::roll_back_after_reboot, rolling_back},
        {starting, E::boot, &U::stage_confirming, &U::confirm_again, confirming},
        {starting, E::boot, &U::stage_rolling_back, &U::roll_back_again, rolling_back},
        {starting, E::boot, &U::outcome_pending, &U::start_confirmed_and_report, reporting},
        {starting, E::boot, nullptr, &U::start_confirmed, idle},

        {idle, E::connected, nullptr, &U::go_online, idle},
        {idle, E::disconnected, nullptr, &U::go_offline, idle},
        {idle, E::tick, nullptr, &U::tick_idle, idle},
        {idle, E::order, &U::just_done, &U::ask_again_later, idle},
        {idle, E::order, nullptr, &U::take_order, judging},
        {idle, E::next_changed, nullptr, &U::ask_next, idle},
        {idle, E::nothing_pending, &U::download_waits_for_job, &U::set_aside, idle},
        {idle, E::save_failed, nullptr, &U::say_unwritten, idle},
        {idle, E::write_failed, nullptr, &U::say_unwritten, idle},
        {idle, E::get_refused, nullptr, &U::ask_again_later, idle},

        {judging, E::checked, nullptr, &U::judge_further, judging},
        {judging, E::accepted, &U::download_goes_on, &U::begin_download, downloading},
        {judging, E::accepted, nullptr, &U::ask_for_leave, waiting},
        {judging, E::refused, nullptr, &U::decide_refusal, reporting},
        {judging, E::already_there, nullptr, &U::look_at_active, judging},
        {judging, E::verified, nullptr, &U::decide_already, reporting},
        {judging, E::mismatched, nullptr, &U::fetch_again, judging},
        {judging, E::save_failed, nullptr, &U::say_unwritten, idle},
        {judging, E::write_failed, nullptr, &U::say_unwritten, idle},
        {judging, E::connected, nullptr, &U::go_online, idle},
        {judging, E::disconnected, nullptr, &U::go_offline, idle},

        {waiting, E::allowed, nullptr, &U::begin_download, downloading},
        {waiting, E::declined, nullptr, &U::decline_download, reporting},
        {waiting, E::write_failed, nullptr, &U::say_unwritten, idle},
        {waiting, E::connected, nullptr, &U::go_online, waiting},
        {waiting, E::disconnected, nullptr, &U::go_offline, waiting},
        {waiting, E::order, &U::same_job, &U::nothing, waiting},
        {waiting, E::order, nullptr, &U::take_order, judging},
        {waiting, E::next_changed, nullptr, &U::ask_next, waiting},
        {waiting, E::nothing_pending, nullptr, &U::forget_order, idle},

        {downloading, E::block, nullptr, &U::after_block, downloading},
        {downloading, E::tick, nullptr, &U::tick_downloading, downloading},
        {downloading, E::complete, nullptr, &U::begin_verify, verifying},
        {downloading, E::connected, nullptr, &U::online_downloading, downloading},
        {downloading, E::disconnected, nullptr, &U::offline_downloading, downloading},
        {downloading, E::order, &U::same_job, &U::nothing, downloading},
        {downloading, E::order, nullptr, &U::abandon_for_order, judging},
        {downloading, E::next_changed, nullptr, &U::ask_next, downloading},
        {downloading, E::nothing_pending, nullptr, &U::abandon, idle},
        {downloading, E::gone, nullptr, &U::abandon_and_ask, idle},
        {downloading, E::stream_rejected, nullptr, &U::heed_rejection, downloading},
        {downloading, E::write_failed, nullptr, &U::fail_write, reporting},
        {downloading, E::save_failed, nullptr, &U::fail_save, reporting},
        {downloading, E::refused, nullptr, &U::fail_download, reporting},

        {verifying, E::verified, nullptr, &U::begin_activate, activating},
        {verifying, E::mismatched, nullptr, &U::fail_verify, reporting},
        {verifying, E::write_failed, nullptr, &U::fail_write, reporting},
        {verifying, E::save_failed, nullptr, &U::fail_save, reporting},
        {verifying, E::connected, nullptr, &U::go_online, verifying},
        {verifying, E::disconnected, nullptr, &U::go_offline, verifying},
        {verifying, E::order, &U::same_job, &U::nothing, verifying},
        {verifying, E::order, nullptr, &U::abandon_for_order, judging},
        {verifying, E::next_changed, nullptr, &U::ask_next, verifying},
        {verifying, E::nothing_pending, nullptr, &U::abandon, idle},
        {verifying, E::gone, nullptr, &U::abandon_and_ask, idle},

        // From here on the image is whole and trusted: what the cloud says meanwhile changes nothing until the trial is over.
        {activating, E::activated, &U::machine_boots, &U::wait_for_boot, restarting},
        {activating, E::activated, nullptr, &U::begin_restart, restarting},
        {activating, E::activation_failed, nullptr, &U::fail_activation, rolling_back},
        {activating, E::save_failed, nullptr, &U::fail_save, reporting},
        {activating, E::connected, nullptr, &U::go_online, activating},
        {activating, E::disconnected, nullptr, &U::go_offline, activating},

        {restarting, E::restarted, nullptr, &U::begin_self_test, on_trial},
        {restarting, E::restart_failed, nullptr, &U::fail_restart, rolling_back},
        {restarting, E::save_failed, nullptr, &U::fail_save, rolling_back},
        {restarting, E::connected, nullptr, &U::go_online, restarting},
        {restarting, E::disconnected, nullptr, &U::go_offline, restarting},

        {on_trial, E::passed, nullptr, &U::pass_trial, confirming},
        {on_trial, E::failed_trial, nullptr, &U::fail_trial, rolling_back},
        {on_trial, E::save_failed, nullptr, &U::fail_save, rolling_back},
        {on_trial, E::connected, nullptr, &U::go_online, on_trial},
        {on_trial, E::disconnected, nullptr, &U::go_offline, on_trial},

        {confirming, E::confirmed, nullptr, &U::succeed, reporting},
        {confirming, E::confirmation_failed, nullptr, &U::fail_confirmation, rolling_back},
        {confirming, E::save_failed, nullptr, &U::fail_save, rolling_back},
        {confirming, E::connected, nullptr, &U::go_online, confirming},
        {confirming, E::disconnected, nullptr, &U::go_offline, confirming},

        {rolling_back, E::rolled_back, nullptr, &U::decide_rolled_back, reporting},
        {rolling_back, E::roll_back_failed, nullptr, &U::decide_roll_back_failed, reporting},
        {rolling_back, E::save_failed, nullptr, &U::roll_back_again, rolling_back},
        {rolling_back, E::connected, nullptr, &U::go_online, rolling_back},
        {rolling_back, E::disconnected, nullptr, &U::go_offline, rolling_back},

        {reporting, E::connected, nullptr, &U::online_reporting, reporting},
        {reporting, E::disconnected, nullptr, &U::go_offline, reporting},
        {reporting, E::tick, nullptr, &U::tick_reporting, reporting},
        {reporting, E::save_failed, nullptr, &U::carry_on_unsaved, reporting},
        {reporting, E::restart_failed, nullptr, &U::tell_without_boot, reporting},
        {reporting, E::report_invalid, &U::report_was_bare, &U::forget_outcome, idle},
        {reporting, E::report_invalid, nullptr, &U::report_bare, reporting},
        {reporting, E::reported, nullptr, &U::forget_outcome, idle},
        {reporting, E::gone, nullptr, &U::forget_outcome, idle},
    };

    // What the program holds of it: five bytes a row, and each guard and action once.
    struct Row {
        std::uint8_t from, on, to, guard, act;
    };
    template <auto member>
    static consteval std::size_t kinds() {
        std::size_t count = 0;
        for (std::size_t i = 0; i < std::size(table); ++i) count += first_with<member>(i) == i ? 1 : 0;
        return count;
    }
    template <auto member>
    static consteval std::size_t first_with(std::size_t row) {
        std::size_t i = 0;
        while (table[i].*member != table[row].*member) ++i;
        return i;
    }
    // Of the row's guard or action: how many others stand in rows before it for the first time.
    template <auto member>
    static consteval std::uint8_t number_of(std::size_t row) {
        std::uint8_t number = 0;
        for (std::size_t i = 0; i < first_with<member>(row); ++i) number += first_with<member>(i) == i ? 1 : 0;
        return number;
    }
    template <auto member, class Function>
    static consteval auto all() {
        std::array<Function, kinds<member>()> out{};
        for (std::size_t i = 0; i < std::size(table); ++i) out[number_of<member>(i)] = table[i].*member;
        return out;
    }
    static consteval auto packed() {
        std::array<Row, std::size(table)> out{};
        for (std::size_t i = 0; i < std::size(table); ++i)
            out[i] = {static_cast<std::uint8_t>(table[i].from), static_cast<std::uint8_t>(table[i].on),
                      static_cast<std::uint8_t>(table[i].to), number_of<&Transition::guard>(i), number_of<&Transition::act>(i)};
        return out;
    }
};

std::span<const Transition> Table::rows() { return Written::table; }

void Table::take(Update& update, Event event) {
    static constexpr auto rows = Written::packed();
    static constexpr auto guards = Written::all<&Transition::guard, bool (Update::*)() const>();
    static constexpr auto acts = Written::all<&Transition::act, void (Update::*)()>();
    for (const Written::Row& row : rows) {
        if (row.from != static_cast<std::uint8_t>(update.state_) || row.on != static_cast<std::uint8_t>(event)) continue;
        if (guards[row.guard] != nullptr && !(update.*guards[row.guard])()) continue;
        update.state_ = static_cast<State>(row.to);
        return (update.*acts[row.act])();
    }
}

}  // namespace otabahn::device
