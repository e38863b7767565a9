// SPDX-License-Identifier: Apache-2.0
// The update of a device, as one table of states, events, guards and actions (transitions.hpp). step() takes one input and
// gives a bounded list of actions; it does no I/O, reads no clock and owns no memory but its own fields and what it is
// handed. Not re-entrant: one caller, one step at a time. The views in the actions live until the next step.
#pragma once

#include "device/core/action.hpp"
#include "device/core/job_messages.hpp"
#include "device/core/order.hpp"
#include "device/core/record.hpp"
#include "device/core/transfer.hpp"
#include "otawire/stream_topic.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace otabahn::device {

enum class State : std::uint8_t {
    starting,
    unusable,  // no record: there is no image that could be trusted
    idle,
    judging,
    waiting,  // for the leave to download
    downloading,
    verifying,
    activating,
    restarting,
    on_trial,
    confirming,
    rolling_back,
    reporting,
};
std::string_view name_of(State state);

enum class Event : std::uint8_t {
    boot,
    connected,
    disconnected,
    tick,
    order,         // an execution with a document
    next_changed,  // some other execution may come first now
    nothing_pending,
    get_refused,
    checked,  // a signature
    refused,
    already_there,
    accepted,
    allowed,
    declined,
    block,
    stream_rejected,
    complete,  // every block is here
    write_failed,
    save_failed,
    verified,
    mismatched,
    activated,
    activation_failed,
    restarted,
    restart_failed,
    passed,
    failed_trial,
    confirmed,
    confirmation_failed,
    rolled_back,
    roll_back_failed,
    reported,  // the outcome is acknowledged, or nobody wants it any more
    report_invalid,
    gone,  // the execution is not ours to work on any more
    count,
};

struct Settings {
    std::string_view thing;
    Policy policy;
    std::uint32_t block_bytes = 16 * 1024;  // AWS hands a connection 100 messages and 512 KB a second: smaller blocks waste it
    Transfer::Link link;
    Millis report_every{5'000};  // at most so often while it downloads
    Millis save_every{500};
    Millis ask_every{15 * 60'000};           // a notification may get lost
    Millis give_up_after{30 * 60'000};       // of asking for blocks of which none comes
    std::uint64_t max_bytes_per_second = 0;  // of a download; 0: as fast as the link goes
};

struct Memory {
    static constexpr std::size_t least_out = 4'096;
    std::span<char> out;                // topics and payloads of one step's actions: least_out
    std::span<char> document;           // the longest job document taken
    std::span<std::uint8_t> scratch;    // the longest manifest taken, and a block where it does not lie in the message as it is
    std::span<std::uint8_t> signature;  // the longest signature taken: 72 for P-256, 512 for RSA 4096
    std::span<std::uint8_t> bitmap;     // one bit a block
    std::span<std::uint8_t> page;       // Record::fixed_bytes_at_most and the bitmap
};

class Update {
  public:
    static constexpr std::size_t most_actions = 24;

    Update(const Settings& settings, const Memory& memory);

    // `now` is monotonic.
    std::span<const Action> step(const Input& input, Millis now);

    // A tick is due then at the latest.
    Millis wake_at() const;

    State state() const { return state_; }
    const Record& record() const { return record_; }
    const Transfer& transfer() const { return transfer_; }
    bool connected() const { return connected_; }
    bool damaged_page() const { return damaged_page_; }
    // What should run: the slot on trial, else the confirmed one.
    std::uint8_t slot_to_run() const;
    const Order& order() const { return order_; }
    // An action did not fit into the memory handed in; it is tried again, but `out` should be larger.
    bool out_was_short() const { return out_short_; }

    // The record that `factory` writes: the image lies in slot a.
    static Record factory_record(const SlotImage& image);

  private:
    friend struct Table;

    // guards
    bool on_trial_and_running() const;
    bool on_trial_since_this_boot() const;
    bool on_trial_since_another_boot() const;
    bool booted_into_target() const;
    bool armed_in_this_boot() const;
    bool armed_but_elsewhere() const;
    bool confirming_but_elsewhere() const;
    bool stage_confirming() const;
    bool stage_rolling_back() const;
    bool outcome_pending() const;
    bool no_record() const;
    bool same_job() const;
    bool just_done() const;
    bool download_waits_for_job() const;
    bool download_goes_on() const;
    bool report_was_bare() const;
    bool machine_boots() const;

    // actions
    void nothing() {}
    void say_unusable();
    void start_confirmed();
    void start_trial_again();
    void begin_trial_here();
    void fail_not_booted();
    void roll_back_after_reboot();
    void confirm_again();
    void roll_back_again();
    void start_confirmed_and_report();
    void go_online();
    void go_offline();
    void ask_next();
    void ask_again_later();
    void say_unwritten();
    void tick_idle();
    void take_order();
    void judge_further();
    void decide_refusal();
    void look_at_active();
    void fetch_again();
    void decide_already();
    void ask_for_leave();
    void decline_download();
    void begin_download();
    void online_downloading();
    void offline_downloading();
    void tick_downloading();
    void give_up();
    void after_block();
    void heed_rejection();
    void fail_download();
    void fail_write();
    void fail_save();
    void begin_verify();
    void abandon();
    void abandon_for_order();
    void set_aside();
    void forget_order();
    void abandon_and_ask();
    void begin_activate();
    void fail_verify();
    void begin_restart();
    void wait_for_boot();
    void fail_activation();
    void begin_self_test();
    void fail_restart();
    void pass_trial();
    void fail_trial();
    void succeed();
    void fail_confirmation();
    void decide_rolled_back();
    void tell_without_boot();
    void decide_roll_back_failed();
    void online_reporting();
    void tick_reporting();
    void carry_on_unsaved();
    void report_bare();
    void forget_outcome();

    bool was_queued_at(std::int64_t moment) const;
    void remember_done();

    // how inputs become events
    void receive(const Input& input);
    void receive_execution(const Input& input, bool asked);
    void receive_answer(const ReceivedTopic& topic, ByteView payload);
    void receive_stream(const Input& input);
    void receive_block(ByteView payload);
    void raise(Event event);

    // what actions are made of
    Action* add(ActionKind kind);
    std::span<char> arena() const;
    std::string_view keep_out(std::string_view written);
    template <class... Parts>
    void note(const Parts&... parts) {
        if constexpr (texts) {
            FixedText<320> text;
            (text.append(parts), ...);
            add_note(text.view());
        }
    }
    void add_note(std::string_view text);
    // What a port had to say although it did what it was asked.
    void append_detail(Message& message) const {
        if (!detail_.empty()) message.append(" ").append(detail_.view());
    }
    void publish_job(std::string_view job, std::string_view suffix, std::string_view payload_in_arena, std::uint8_t qos);
    void subscribe_stream(bool on);
    void save();
    void flush_progress();
    void flush_when_due();
    void request_blocks();
    void report_progress(Reason reason, std::uint8_t qos);
    void publish_outcome();
    void judge(const Judgement& judgement);
    void decide(Outcome outcome, Reason reason, std::string_view message);
    void fail(Reason reason, std::string_view message);
    Reason reason_or(Reason own) const { return given_reason_ == Reason::none ? own : given_reason_; }
    void start_rolling_back(Reason reason, std::string_view message);
    void drop_download();
    void send_request(const BlockRequest& request);
    std::uint32_t percent() const;
    JudgeMemory judge_memory() const { return {memory_.scratch, memory_.signature}; }

    Settings settings_;
    Memory memory_;
    State state_ = State::starting;
    Record record_;
    std::uint32_t sequence_ = 0;
    std::uint8_t page_ = 0;  // the one written last
    bool loaded_ = false;
    bool damaged_page_ = false;
    bool connected_ = false;
    bool out_short_ = false;

    BootId boot_{};
    std::optional<std::uint8_t> running_;
    bool machine_boots_ = false;
    bool boot_pending_ = false;  // back into the old image

    Order order_;
    JobRef job_;
    std::int64_t job_queued_at_ = 0;  // 0: not known, as after a start
    bool job_in_progress_ = false;    // as the cloud sees it
    bool release_checked_ = false;
    std::size_t document_size_ = 0;
    ByteView manifest_;
    SignatureFacts release_signature_, image_signature_;
    Judgement judgement_;
    Transfer transfer_;
    Digest verified_{};
    Execution offered_;
    Reason given_reason_ = Reason::none;  // what came with the last thing that was not done
    Message detail_;
    Trust trust_ = Trust::good;

    JobRef last_done_;
    std::int64_t last_done_queued_at_ = 0;
    Millis now_{0};
    Millis unsaved_since_{0};
    Millis reported_at_{0};
    std::uint32_t reported_percent_ = 0;
    Millis retry_at_ = Millis::max();  // of what waits for an answer
    Millis retry_after_{0};
    Millis stream_pause_until_{0};
    Millis request_at_{0};  // not before, to stay below the bandwidth allowed
    Millis vain_{0};        // spent asking since the last block
    Millis vain_at_{0};
    std::optional<otawire::StreamVerb> denied_;  // the stream's topic that the service denies
    bool bare_report_ = false;

    Action actions_[most_actions];
    std::size_t action_count_ = 0;
    std::size_t out_used_ = 0;
    Event events_[8];
    std::size_t event_count_ = 0;
};

}  // namespace otabahn::device
