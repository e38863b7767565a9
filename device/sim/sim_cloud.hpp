// SPDX-License-Identifier: Apache-2.0
// A cloud of one job and one stream, as AWS answers: what the device publishes becomes messages for it. Counts every block
// it serves. Owned by one test; one thread.
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::device::sim {

struct Message {
    std::string topic;
    std::string payload;
};

struct Update {
    std::string status;
    std::string payload;
};

class SimCloud {
  public:
    SimCloud(std::string thing, std::string stream) : thing_(std::move(thing)), stream_(std::move(stream)) {}

    // The one job; its document is the JSON text of any value.
    void give_job(std::string id, std::string document);
    void cancel_job();  // forced: the execution ends
    void serve(std::vector<std::uint8_t> file) { file_ = std::move(file); }

    void receive(std::string_view topic, std::string_view payload);

    std::deque<Message> to_device;
    const std::string& status() const { return status_; }
    const std::string& job() const { return job_; }
    bool over() const { return status_ != "QUEUED" && status_ != "IN_PROGRESS"; }
    std::vector<Update> updates;                    // in the order they came, refused ones too
    std::map<std::uint64_t, std::uint64_t> served;  // times each block was sent
    std::string reject_stream_with;                 // an error code instead of blocks
    bool silent_stream = false;                     // asked, it says nothing
    int swallow_updates = 0;                        // so many updates are lost on their way
    std::size_t requests = 0;

  private:
    void answer(std::string topic, std::string payload);
    void publish_next();
    std::string execution() const;

    std::string thing_, stream_, job_, document_, status_ = "NONE";
    int queued_at_ = 0;  // another moment for each job
    std::vector<std::uint8_t> file_;
};

}  // namespace otabahn::device::sim
