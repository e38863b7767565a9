// SPDX-License-Identifier: Apache-2.0
// The machinery: inputs become events, the table turns events into actions, actions are put together here.
#include "device/core/update.hpp"

#include "device/core/transitions.hpp"
#include "otawire/stream_answer.hpp"
#include "otawire/stream_request.hpp"

namespace otabahn::device {

std::string_view name_of(State state) {
    switch (state) {
        case State::starting:
            return "starting";
        case State::unusable:
            return "unusable";
        case State::idle:
            return "idle";
        case State::judging:
            return "judging";
        case State::waiting:
            return "waiting";
        case State::downloading:
            return "downloading";
        case State::verifying:
            return "verifying";
        case State::activating:
            return "activating";
        case State::restarting:
            return "restarting";
        case State::on_trial:
            return "on-trial";
        case State::confirming:
            return "confirming";
        case State::rolling_back:
            return "rolling-back";
        case State::reporting:
            return "reporting";
    }
    return "unknown";
}

Update::Update(const Settings& settings, const Memory& memory) : settings_(settings), memory_(memory) {}

std::span<const Action> Update::step(const Input& input, Millis now) {
    now_ = now;
    action_count_ = 0;
    out_used_ = 0;
    event_count_ = 0;
    receive(input);
    for (std::size_t i = 0; i < event_count_; ++i) Table::take(*this, events_[i]);
    return {actions_, action_count_};
}

void Update::raise(Event event) {
    // No chain of events is longer than this; a longer one would be a fault of the table, and is cut off here.
    if (event_count_ < sizeof events_ / sizeof events_[0]) events_[event_count_++] = event;
}

void Update::receive(const Input& input) {
    detail_.clear();
    detail_.append(input.text);
    switch (input.kind) {
        case InputKind::boot: {
            boot_ = input.facts->boot;
            running_ = input.facts->running;
            machine_boots_ = input.facts->restart_boots_machine;
            const auto loaded = decode_newest(input.facts->pages[0], input.facts->pages[1], memory_.bitmap);
            loaded_ = loaded.has_value();
            if (loaded) {
                record_ = loaded->record;
                sequence_ = loaded->sequence;
                page_ = loaded->page;
                damaged_page_ = loaded->other_damaged;
                job_ = record_.job;
                job_in_progress_ = true;
            }
            return raise(Event::boot);
        }
        case InputKind::connected:
            connected_ = true;
            return raise(Event::connected);
        case InputKind::disconnected:
            connected_ = false;
            return raise(Event::disconnected);
        case InputKind::denied:
            // Nothing follows at once: a policy may be put right while it is asked again.
            if (const auto topic = otawire::parse_stream_topic(input.topic)) denied_ = topic->verb;
            return;
        case InputKind::tick:
            return raise(Event::tick);
        case InputKind::message: {
            const ReceivedTopic topic = read_job_topic(input.topic, settings_.thing);
            if (topic.kind == JobTopic::other) return receive_stream(input);
            if (topic.kind == JobTopic::execution || topic.kind == JobTopic::next_changed)
                return receive_execution(input, topic.kind == JobTopic::execution);
            return receive_answer(topic, input.payload);
        }
        case InputKind::failed:
            if (input.action == ActionKind::save) {
                page_ = input.page ^ 1U;  // the good one is the other: it must not be written next
                return raise(Event::save_failed);
            }
            if (input.action == ActionKind::keep_document || input.action == ActionKind::prepare_slot ||
                input.action == ActionKind::write || input.action == ActionKind::flush)
                return raise(Event::write_failed);
            return;
        case InputKind::checked:
            trust_ = input.trust;
            return raise(Event::checked);
        case InputKind::verified:
            verified_ = input.digest;
            trust_ = input.trust;
            judgement_ = Judgement();
            if (!input.good) {
                judgement_.reason = Reason::slot_read;
                judgement_.message.append("The slot could not be read back. ").append(input.text);
            } else if (state_ == State::judging) {
                // What is looked at is the image that runs, against its own record.
                if (verified_ != record_.slots[record_.active].sha256) {
                    judgement_.reason = Reason::image_hash;
                    judgement_.message.append("its SHA-256 is another");
                }
            } else if (order_.hash_stated && verified_ != order_.image.sha256) {
                judgement_.reason = Reason::image_hash;
                judgement_.message.append("What was written has another SHA-256 than the document states.");
            } else if (trust_ != Trust::good) {
                judgement_ = judge_trust(trust_, "image, over what was written,", order_.certificate.view(), input.text);
                judgement_.reason = trust_ == Trust::unknown_certificate ? Reason::certificate_unknown : Reason::image_signature;
            }
            return raise(judgement_.reason == Reason::none ? Event::verified : Event::mismatched);
        case InputKind::done:
            given_reason_ = input.good ? Reason::none : input.reason;
            switch (input.action) {
                case ActionKind::allow_download:
                    return raise(input.good ? Event::allowed : Event::declined);
                case ActionKind::activate:
                    return raise(input.good ? Event::activated : Event::activation_failed);
                case ActionKind::restart:
                    return raise(input.good ? Event::restarted : Event::restart_failed);
                case ActionKind::self_test:
                    return raise(input.good ? Event::passed : Event::failed_trial);
                case ActionKind::confirm:
                    return raise(input.good ? Event::confirmed : Event::confirmation_failed);
                case ActionKind::roll_back:
                    return raise(input.good ? Event::rolled_back : Event::roll_back_failed);
                default:
                    return;
            }
    }
}

void Update::receive_execution(const Input& input, bool asked) {
    const auto execution = read_execution(input.payload);
    if (!execution) {
        note("what came on ", input.topic, " is no execution of a job; ignored");
        return raise(Event::get_refused);
    }
    if (state_ == State::idle) {
        retry_after_ = Millis{0};
        retry_at_ = now_ + settings_.ask_every;
    }
    // A notification may be late: what it says about the work in hand is asked for before it is believed.
    if (!asked && state_ != State::idle) {
        if (!execution->present || !(execution->job == job_)) raise(Event::next_changed);
        return;
    }
    if (!execution->present) return raise(Event::nothing_pending);
    offered_ = *execution;
    raise(Event::order);
}

void Update::receive_answer(const ReceivedTopic& topic, ByteView payload) {
    const auto answer = read_answer(payload);
    if (topic.kind == JobTopic::get_rejected) {
        note("the service refused to tell the next job: ", answer ? answer->code_text.view() : "", " ",
             answer ? answer->message.view() : "");
        return raise(Event::get_refused);
    }
    if (topic.job != job_.id.view()) return;
    const char token = answer ? answer->token : 0;
    // Only the outcome's answer ends the reporting; those of progress reports may still be on their way.
    if (state_ == State::reporting && token == 'p') return;
    if (topic.kind == JobTopic::update_accepted) {
        if (state_ == State::reporting) raise(Event::reported);
        return;
    }
    const UpdateAnswer refused = answer.value_or(UpdateAnswer());
    note("the service refused a report of job ", job_.id.view(), ": ", refused.code_text.view(), " ", refused.message.view());
    if (refused.code == UpdateAnswer::Code::gone) return raise(Event::gone);
    if (refused.code == UpdateAnswer::Code::invalid) return raise(Event::report_invalid);
}

void Update::receive_stream(const Input& input) {
    const auto topic = otawire::parse_stream_topic(input.topic);
    if (!topic || state_ != State::downloading || topic->thing != settings_.thing || topic->stream != order_.stream.view() ||
        topic->format != otawire::Format::cbor)
        return;
    if (topic->verb == otawire::StreamVerb::data) return receive_block(input.payload);
    if (topic->verb != otawire::StreamVerb::rejected) return;
    const auto rejection = otawire::decode_rejection_cbor(input.payload);
    if (!rejection) return;
    using otawire::StreamError;
    judgement_ = Judgement();
    judgement_.message.append("The stream answers ").append(rejection->code()).append(": ").append(rejection->message());
    switch (rejection->error.value_or(StreamError::internal_error)) {
        case StreamError::internal_error:
            judgement_.reason = Reason::none;
            break;  // it may pass
        case StreamError::resource_not_found:
            judgement_.reason = Reason::stream_not_found;
            break;
        case StreamError::version_mismatch:
        case StreamError::etag_mismatch:
            judgement_.reason = Reason::stream_changed;
            break;
        case StreamError::unauthorized:
            judgement_.reason = Reason::stream_unreadable;
            break;
        // Our requests are well-formed: what is wrong with them is that they reach past the file's end.
        case StreamError::invalid_request:
            judgement_.reason = Reason::stream_size;
            break;
        case StreamError::invalid_topic:
        case StreamError::invalid_json:
        case StreamError::invalid_cbor:
        case StreamError::block_size_out_of_bounds:
        case StreamError::offset_out_of_bounds:
        case StreamError::block_count_limit_exceeded:
        case StreamError::block_bitmap_limit_exceeded:
            judgement_.reason = Reason::stream_refused;
            break;
    }
    raise(Event::stream_rejected);
}

void Update::receive_block(ByteView payload) {
    const auto data = otawire::decode_data_cbor(payload, memory_.scratch);
    if (!data || data->file != order_.file_id || data->size != data->bytes.size()) return;
    switch (transfer_.judge(data->block, data->bytes.size())) {
        case Transfer::Taken::duplicate:
        case Transfer::Taken::out_of_range:
            return;
        case Transfer::Taken::wrong_size: {
            // Of a request of ours with another block size (an earlier download), or the file is not as long as stated.
            if (data->bytes.size() > transfer_.block_size()) return;
            judgement_ = Judgement();
            judgement_.reason = Reason::stream_size;
            judgement_.message.append("Block ")
                .append(data->block)
                .append(" has ")
                .append(static_cast<std::uint64_t>(data->bytes.size()))
                .append(" bytes instead of ")
                .append(std::uint64_t{transfer_.length_of(static_cast<std::uint32_t>(data->block))})
                .append(": the stream's file is not as long as the document says.");
            return raise(Event::refused);
        }
        case Transfer::Taken::fresh:
            break;
    }
    const auto block = static_cast<std::uint32_t>(data->block);
    Action* action = add(ActionKind::write);
    if (action == nullptr) return;
    action->slot = record_.target();
    action->offset = std::uint64_t{block} * transfer_.block_size();
    action->bytes = data->bytes;
    if (transfer_.unsaved() == 0) unsaved_since_ = now_;
    vain_ = Millis{0};
    vain_at_ = now_;
    denied_.reset();
    transfer_.take(block, now_);
    raise(transfer_.complete() ? Event::complete : Event::block);
}

Action* Update::add(ActionKind kind) {
    if (action_count_ == most_actions) {
        out_short_ = true;
        return nullptr;
    }
    actions_[action_count_] = Action();
    actions_[action_count_].kind = kind;
    return &actions_[action_count_++];
}

std::span<char> Update::arena() const { return {memory_.out.data() + out_used_, memory_.out.size() - out_used_}; }

std::string_view Update::keep_out(std::string_view written) {
    if (written.empty()) out_short_ = true;
    out_used_ += written.size();
    return written;
}

void Update::add_note(std::string_view text) {
    const std::span<char> room = arena();
    const std::size_t size = text.size() < room.size() ? text.size() : room.size();
    for (std::size_t i = 0; i < size; ++i) room[i] = text[i];
    out_used_ += size;
    if (Action* action = add(ActionKind::note)) action->topic = {room.data(), size};
}

void Update::publish_job(std::string_view job, std::string_view suffix, std::string_view payload, std::uint8_t qos) {
    const std::string_view topic = keep_out(job_topic(settings_.thing, job, suffix, arena()));
    if (topic.empty() || payload.empty()) return;
    if (Action* action = add(ActionKind::publish)) {
        action->topic = topic;
        action->bytes = as_bytes(payload);
        action->qos = qos;
    }
}

void Update::save() {
    // There is one page's memory: a second save of a step takes the first one's place, and says more.
    Action* earlier = nullptr;
    for (std::size_t i = 0; i < action_count_; ++i)
        if (actions_[i].kind == ActionKind::save) earlier = &actions_[i];
    const ByteView encoded = encode_record(record_, memory_.bitmap, earlier != nullptr ? sequence_ : sequence_ + 1, memory_.page);
    if (encoded.empty()) {
        out_short_ = true;
        return raise(Event::save_failed);
    }
    if (earlier != nullptr) {
        earlier->bytes = encoded;
        return;
    }
    ++sequence_;
    page_ ^= 1U;
    transfer_.saved();
    if (Action* action = add(ActionKind::save)) {
        action->page = page_;
        action->bytes = encoded;
    }
}

Millis Update::wake_at() const {
    Millis wake = Millis::max();
    const auto sooner = [&](Millis at) {
        if (at < wake) wake = at;
    };
    if ((state_ == State::idle || (state_ == State::reporting && !boot_pending_)) && connected_) sooner(retry_at_);
    if (state_ == State::downloading) {
        if (transfer_.unsaved() > 0) sooner(unsaved_since_ + settings_.save_every);
        if (connected_) {
            sooner(transfer_.wake_at());
            if (stream_pause_until_ > Millis{0}) sooner(stream_pause_until_);
            if (request_at_ > now_) sooner(request_at_);
            if (percent() != reported_percent_) sooner(reported_at_ + settings_.report_every);
        }
    }
    return wake;
}

std::uint8_t Update::slot_to_run() const {
    const bool trial = record_.stage == Stage::armed || record_.stage == Stage::on_trial || record_.stage == Stage::confirming;
    return trial ? record_.target() : record_.active;
}

std::uint32_t Update::percent() const {
    if (record_.outcome != Outcome::none) return record_.outcome == Outcome::succeeded ? 100 : 0;
    if (record_.stage == Stage::none) return 0;
    if (record_.stage != Stage::downloading) return 100;
    return transfer_.blocks() == 0 ? 0 : static_cast<std::uint32_t>(std::uint64_t{transfer_.blocks_here()} * 100 / transfer_.blocks());
}

Record Update::factory_record(const SlotImage& image) {
    Record record;
    record.slots[0] = image;
    record.slots[0].present = record.slots[0].version_signed = true;
    record.slots[0].identity = image.sha256;
    record.floor_version = image.version;
    record.floor_sha256 = image.sha256;
    return record;
}

}  // namespace otabahn::device
