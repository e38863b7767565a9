// SPDX-License-Identifier: Apache-2.0
// From a job's document to a whole image in the slot.
#include "device/core/update.hpp"

#include "otawire/stream_request.hpp"
#include "otawire/stream_topic.hpp"

#include <bit>

namespace otabahn::device {

namespace {
// Of time-outs without a block in between: at the first, and at each so many, something is said.
constexpr std::uint32_t told_every = 4;
constexpr Millis first_pause{2'000};
constexpr Millis longest_pause{60'000};
// Time without a connection is no time of asking: so much counts from one request to the next.
constexpr Millis vain_at_most{60'000};
}  // namespace

bool Update::same_job() const { return offered_.job == job_ && was_queued_at(job_queued_at_); }
// A deleted job's name may be used again: what tells the two apart is when they were queued (0: not known).
bool Update::was_queued_at(std::int64_t moment) const { return moment == 0 || offered_.queued_at == 0 || offered_.queued_at == moment; }
bool Update::download_waits_for_job() const { return record_.stage == Stage::downloading && !record_.job.id.empty(); }

void Update::take_order() {
    job_ = offered_.job;
    job_queued_at_ = offered_.queued_at;
    job_in_progress_ = offered_.in_progress;
    release_checked_ = false;
    document_size_ = 0;
    note("job ", job_.id.view(), job_in_progress_ ? " goes on" : " is here");
    Judgement judgement;
    judgement.verdict = Verdict::refused;
    if (!offered_.document_is_object) {
        judgement.reason = Reason::document_no_object;
        judgement.message.append(offered_.document.empty() ? "The job has no document." : "The job's document is no JSON object.");
        return judge(judgement);
    }
    if (offered_.document.size() > memory_.document.size()) {
        judgement.reason = Reason::document_incomplete;
        judgement.message.append("The document has ")
            .append(static_cast<std::uint64_t>(offered_.document.size()))
            .append(" bytes, more than the ")
            .append(static_cast<std::uint64_t>(memory_.document.size()))
            .append(" that this device takes.");
        return judge(judgement);
    }
    for (char c : offered_.document) memory_.document[document_size_++] = c;
    judge(read_order({memory_.document.data(), document_size_}, settings_.policy, record_, judge_memory(), order_, release_signature_,
                     manifest_));
}

void Update::judge(const Judgement& judgement) {
    judgement_ = judgement;
    switch (judgement.verdict) {
        case Verdict::refused:
            return raise(Event::refused);
        case Verdict::already_running:
            return raise(Event::already_there);
        case Verdict::check_release:
            if (Action* action = add(ActionKind::check_signature)) {
                action->bytes = manifest_;
                action->signature = &release_signature_;
            }
            return;
        case Verdict::check_image:
            if (Action* action = add(ActionKind::check_signature)) {
                action->digest = &order_.image.sha256;
                image_signature_ = signature_of(order_, memory_.signature);
                action->signature = &image_signature_;
            }
            return;
        case Verdict::accepted:
            break;
    }
    const std::uint32_t block = Transfer::block_size_for(order_.image.size, settings_.block_bytes, memory_.bitmap.size());
    if (block == 0) {
        judgement_.reason = Reason::image_too_large;
        judgement_.message.append("The image has more blocks than this device can keep count of.");
        return raise(Event::refused);
    }
    raise(Event::accepted);
}

void Update::judge_further() {
    const bool release = order_.has_release && !release_checked_;
    if (trust_ != Trust::good) return judge(judge_trust(trust_, release ? "release" : "image", order_.certificate.view(), detail_.view()));
    if (release) {
        release_checked_ = true;
        return judge(
            judge_release({memory_.document.data(), document_size_}, manifest_, settings_.policy, record_, judge_memory(), order_));
    }
    Judgement accepted;
    judge(accepted);
}

// "Runs already" is said only of an image that is still what was put there.
void Update::look_at_active() {
    if (Action* action = add(ActionKind::verify)) {
        action->slot = record_.active;
        action->size = record_.slots[record_.active].size;
    }
}

void Update::fetch_again() {
    note("slot ", record_.active == 0 ? "a" : "b", " does not hold what was put there any more (", judgement_.message.view(),
         "): ", order_.called(), " is fetched again");
    Judgement judgement;
    judgement.verdict = order_.kind != SignatureKind::none && order_.hash_stated ? Verdict::check_image : Verdict::accepted;
    judge(judgement);
}

// Its blocks were begun under a leave that was given.
bool Update::download_goes_on() const { return record_.stage == Stage::downloading && record_.job == job_; }

void Update::ask_for_leave() {
    if (Action* action = add(ActionKind::allow_download)) {
        action->slot = record_.target();
        action->topic = job_.id.view();
        action->bytes = as_bytes(std::string_view(memory_.document.data(), document_size_));
    }
}

void Update::decline_download() {
    Message message;
    message.append("The download may not begin. ").append(detail_.view());
    decide(job_in_progress_ || given_reason_ == Reason::hook ? Outcome::failed : Outcome::rejected, reason_or(Reason::declined),
           message.view());
}

void Update::forget_order() { note("job ", job_.id.view(), " is not ours to work on any more"); }

void Update::begin_download() {
    const std::uint8_t target = record_.target();
    const std::uint32_t block = Transfer::block_size_for(order_.image.size, settings_.block_bytes, memory_.bitmap.size());
    SlotImage& slot = record_.slots[target];
    const bool resume = record_.stage == Stage::downloading && slot.identity == order_.image.identity && slot.size == order_.image.size &&
                        record_.block_size >= 256 && record_.block_size <= Transfer::answer_limit &&
                        record_.blocks == Transfer::blocks_in(slot.size, record_.block_size) &&
                        Transfer::bitmap_bytes(record_.blocks) <= memory_.bitmap.size();
    if (!resume) {
        record_.block_size = block;
        record_.blocks = Transfer::blocks_in(order_.image.size, block);
        for (std::uint8_t& byte : memory_.bitmap) byte = 0;
    }
    slot = order_.image;
    slot.present = false;
    record_.stage = Stage::downloading;
    record_.job = job_;
    Transfer::Link link = settings_.link;
    // A cap bounds the bursts too: no more is asked for than a second brings.
    const std::uint64_t burst = settings_.max_bytes_per_second > record_.block_size ? settings_.max_bytes_per_second : record_.block_size;
    if (settings_.max_bytes_per_second > 0 && link.max_window_bytes > burst) link.max_window_bytes = static_cast<std::uint32_t>(burst);
    transfer_ = Transfer(slot.size, record_.block_size, memory_.bitmap, link);
    stream_pause_until_ = request_at_ = vain_ = Millis{0};
    vain_at_ = now_;
    denied_.reset();
    retry_after_ = Millis{0};
    // A cut may have come between the record of this download and the slot's being made ready for it.
    const bool prepare = transfer_.blocks_here() == 0;
    note(resume ? "resuming " : "fetching ", order_.called(), " over stream ", order_.stream.view(), ": ", transfer_.blocks_here(), " of ",
         transfer_.blocks(), " blocks are here");
    // The record first: it must not call the slot whole while the slot is written.
    save();
    if (prepare)
        if (Action* action = add(ActionKind::prepare_slot)) {
            action->slot = target;
            action->size = slot.size;
        }
    if (Action* action = add(ActionKind::keep_document)) {
        action->slot = target;
        action->bytes = as_bytes(std::string_view(memory_.document.data(), document_size_));
    }
    job_in_progress_ = true;
    report_progress(Reason::downloading, 1);
    if (transfer_.complete()) return raise(Event::complete);
    subscribe_stream(true);
    request_blocks();
}

void Update::subscribe_stream(bool on) {
    if (!connected_) return;
    for (const auto verb : {otawire::StreamVerb::data, otawire::StreamVerb::rejected}) {
        const auto topic = otawire::format_stream_topic({settings_.thing, order_.stream.view(), verb, otawire::Format::cbor}, arena());
        if (!topic) {
            out_short_ = true;
            return;
        }
        if (Action* action = add(on ? ActionKind::subscribe : ActionKind::unsubscribe)) action->topic = keep_out(*topic);
    }
}

void Update::request_blocks() {
    if (!connected_ || now_ < stream_pause_until_ || now_ < request_at_) return;
    stream_pause_until_ = Millis{0};
    BlockRequest request;
    bool asked = false;
    // Room is left for what else a step may have to say.
    while (action_count_ + 6 < most_actions && arena().size() > 1'536 && now_ >= request_at_ && transfer_.next(request, now_)) {
        send_request(request);
        asked = true;
        if (settings_.max_bytes_per_second == 0) continue;
        const std::uint64_t bytes = std::uint64_t{static_cast<std::uint32_t>(std::popcount(request.mask))} * transfer_.block_size();
        request_at_ = (request_at_ > now_ - Millis{1'000} ? request_at_ : now_) +
                      Millis(static_cast<std::int64_t>(bytes * 1'000 / settings_.max_bytes_per_second));
    }
    if (!asked) return;
    vain_ += now_ - vain_at_ < vain_at_most ? now_ - vain_at_ : vain_at_most;
    vain_at_ = now_;
}

void Update::send_request(const BlockRequest& request) {
    otawire::GetStreamRequest get;
    get.file = order_.file_id;
    get.block_size = transfer_.block_size();
    get.offset = request.first;
    get.count = static_cast<std::uint32_t>(std::popcount(request.mask));
    std::uint8_t bitmap[8];
    for (std::size_t i = 0; i < 8; ++i) bitmap[i] = static_cast<std::uint8_t>(request.mask >> (8 * i));
    // A run of blocks needs no bitmap.
    if ((request.mask & (request.mask + 1)) != 0) {
        const auto bits = static_cast<std::size_t>(64 - std::countl_zero(request.mask));
        get.bitmap = ByteView(bitmap, (bits + 7) / 8);
    }
    const auto topic =
        otawire::format_stream_topic({settings_.thing, order_.stream.view(), otawire::StreamVerb::get, otawire::Format::cbor}, arena());
    if (!topic) return;
    keep_out(*topic);
    const std::span<char> room = arena();
    const auto payload = otawire::encode_get_cbor(get, {reinterpret_cast<std::uint8_t*>(room.data()), room.size()});
    if (!payload) return;
    keep_out(as_text(*payload));
    if (Action* action = add(ActionKind::publish)) {
        action->topic = *topic;
        action->bytes = *payload;
    }
}

void Update::flush_progress() {
    if (transfer_.unsaved() == 0) return;
    if (Action* action = add(ActionKind::flush)) action->slot = record_.target();
    save();
}

void Update::flush_when_due() {
    if (transfer_.save_due()) flush_progress();
}

void Update::after_block() {
    retry_after_ = Millis{0};
    tick_downloading();
}

void Update::tick_downloading() {
    if (transfer_.unsaved() > 0 && now_ - unsaved_since_ >= settings_.save_every) flush_progress();
    if (!connected_) return flush_when_due();
    const std::uint32_t before = transfer_.timeouts_in_a_row();
    if (transfer_.expire(now_) && transfer_.timeouts_in_a_row() > before && before % told_every == 0)
        note("no block of stream ", order_.stream.view(), " arrives; asked in vain so far: ", transfer_.timeouts_in_a_row(),
             ". Does the certificate's policy allow iot:Publish on its get topic, iot:Subscribe and iot:Receive on its data topic?");
    // A loss may just have made the window too small for what is not stored.
    flush_when_due();
    if (vain_ >= settings_.give_up_after) return give_up();
    request_blocks();
    if (percent() != reported_percent_ && now_ - reported_at_ >= settings_.report_every) report_progress(Reason::downloading, 0);
}

void Update::give_up() {
    judgement_ = Judgement();
    judgement_.reason = Reason::stream_silent;
    if constexpr (texts) {
        judgement_.message.append("No block came for ").append(std::uint64_t(vain_.count()) / 1'000).append(" s of asking.");
        if (denied_) {
            const auto topic =
                otawire::format_stream_topic({settings_.thing, order_.stream.view(), *denied_, otawire::Format::cbor}, arena());
            judgement_.message.append(*denied_ == otawire::StreamVerb::get ? " Denied: iot:Publish on " : " Denied: iot:Subscribe on ")
                .append(topic.value_or("the stream's topic"));
        }
    }
    raise(Event::refused);
}

void Update::online_downloading() {
    go_online();
    subscribe_stream(true);
    ask_next();
    request_blocks();
}

void Update::offline_downloading() {
    transfer_.forget_requests();
    flush_progress();
    // A service that ends the connection at each request leaves no other moment.
    if (vain_ >= settings_.give_up_after) give_up();
}

void Update::heed_rejection() {
    note(judgement_.message.view());
    if (judgement_.reason != Reason::none) return raise(Event::refused);
    vain_ = Millis{0};  // it speaks
    transfer_.forget_requests();
    retry_after_ = retry_after_ == Millis{0} ? first_pause : (retry_after_ * 2 < longest_pause ? retry_after_ * 2 : longest_pause);
    stream_pause_until_ = now_ + retry_after_;
}

void Update::begin_verify() {
    note("every block of ", order_.called(), " is here; verifying");
    flush_progress();
    subscribe_stream(false);
    report_progress(Reason::verifying, 1);
    if (Action* action = add(ActionKind::verify)) {
        action->slot = record_.target();
        action->size = order_.image.size;
        image_signature_ = signature_of(order_, memory_.signature);
        action->signature = &image_signature_;
    }
}

// The blocks stay: the same image may be ordered again.
void Update::abandon() {
    note("job ", job_.id.view(), " is not ours to work on any more; its download is set aside");
    if (transfer_.unsaved() > 0)
        if (Action* action = add(ActionKind::flush)) action->slot = record_.target();
    record_.job = JobRef();  // a download that no job waits for
    save();
    subscribe_stream(false);
}

// The job went while nobody was connected: no download is under way any more.
void Update::set_aside() {
    note("job ", record_.job.id.view(), " is not pending any more; its download is set aside");
    record_.job = JobRef();
    save();
}

void Update::abandon_and_ask() {
    abandon();
    remember_done();  // should it be told again all the same, there is no hurry
    ask_next();
}

void Update::abandon_for_order() {
    abandon();
    take_order();
}

void Update::drop_download() {
    record_.stage = Stage::none;
    record_.block_size = record_.blocks = 0;
    record_.slots[record_.target()].present = false;
    record_.slots[record_.target()].identity = Digest{};
    transfer_.saved();
}

void Update::fail_download() {
    subscribe_stream(false);
    const Judgement judgement = judgement_;
    fail(judgement.reason, judgement.message.view());
}

void Update::fail_verify() {
    const Judgement judgement = judgement_;
    fail(judgement.reason, judgement.message.view());
}

void Update::fail_write() {
    subscribe_stream(false);
    Message message;
    message.append("Slot ").append(record_.target() == 0 ? "a" : "b").append(" could not be written. ").append(detail_.view());
    fail(Reason::slot_write, message.view());
}

}  // namespace otabahn::device
