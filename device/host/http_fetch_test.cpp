// SPDX-License-Identifier: Apache-2.0
// A GET against a peer that answers as a test wants it, in the pieces that it wants.
#include "device/host/http_fetch.hpp"

#include "device/host/loopback_listener_test.hpp"
#include "device/host/monotonic_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

namespace otabahn::device {
namespace {

using testing::HasSubstr;

class HttpFetchTest : public testing::Test {
  protected:
    ~HttpFetchTest() override {
        if (peer_.joinable()) peer_.join();
    }
    // One connection: the request is read, `answer` written in pieces of `piece` bytes.
    void answer_with(std::string answer, std::size_t piece = 1 << 20) {
        peer_ = std::thread([this, answer = std::move(answer), piece] {
            const int peer = listener_.accept();
            char buffer[4'096];
            while (request.find("\r\n\r\n") == std::string::npos) {
                const ssize_t count = ::read(peer, buffer, sizeof buffer);
                if (count <= 0) break;
                request.append(buffer, static_cast<std::size_t>(count));
            }
            for (std::size_t at = 0; at < answer.size(); at += piece)
                if (::send(peer, answer.data() + at, std::min(piece, answer.size() - at), MSG_NOSIGNAL) < 0) break;
            ::close(peer);
        });
    }
    HttpFetch::State fetch(std::optional<HttpFetch::Range> range = std::nullopt, Millis patience = Millis{5'000}) {
        HttpFetch get(parse_http_url("http://" + listener_.authority + "/f?x=1").value(), range, nullptr, clock.now(), patience);
        HttpFetch::State state = HttpFetch::State::working;
        while (state == HttpFetch::State::working) {
            PollSet set;
            get.want(set);
            set.wait(clock.now());
            state = get.work(clock.now(), 1'000, [&](std::uint64_t offset, ByteView bytes) {
                if (body.empty()) first = offset;
                body.append(as_text(bytes));
            });
        }
        trouble = get.trouble();
        status = get.status();
        if (peer_.joinable()) peer_.join();
        return state;
    }
    LoopbackListener listener_;
    std::string request, body, trouble;
    std::uint64_t first = 0;
    int status = 0;
    MonotonicClock clock;

  private:
    std::thread peer_;
};

TEST_F(HttpFetchTest, ABodyComesAsItIsHoweverItIsCut) {
    const std::string text(20'000, 'x');
    for (const std::size_t piece : {std::size_t{1} << 20, std::size_t{7}}) {
        body.clear();
        request.clear();
        answer_with("HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n" + text, piece);
        EXPECT_EQ(fetch(), HttpFetch::State::done) << trouble;
        EXPECT_EQ(body, text);
    }
    EXPECT_THAT(request, testing::StartsWith("GET /f?x=1 HTTP/1.1\r\nHost: " + listener_.authority + "\r\n"));
}

TEST_F(HttpFetchTest, ChunksAreTaken) {
    answer_with("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 3);
    EXPECT_EQ(fetch(), HttpFetch::State::done) << trouble;
    EXPECT_EQ(body, "abcde");
}

TEST_F(HttpFetchTest, ARangeIsAskedForAndItsPlaceTold) {
    answer_with("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 100-104/200\r\nContent-Length: 5\r\n\r\nabcde");
    EXPECT_EQ(fetch(HttpFetch::Range{100, 104}), HttpFetch::State::done) << trouble;
    EXPECT_THAT(request, HasSubstr("Range: bytes=100-104\r\n"));
    EXPECT_EQ(first, 100U);
    EXPECT_EQ(body, "abcde");
}

TEST_F(HttpFetchTest, AServerThatMakesUpItsOwnRangeIsNotBelieved) {
    const std::pair<const char*, const char*> rows[] = {
        {"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-4/200\r\nContent-Length: 5\r\n\r\nabcde", "another range"},
        {"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes x-4/200\r\nContent-Length: 5\r\n\r\nabcde", "another range"},
        {"HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\nabcde", "without saying which"},
        {"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 100-104/200\r\nContent-Length: 6\r\n\r\nabcdef", "more than was asked for"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde", "knows no ranges"},
    };
    for (const auto& [answer, expected] : rows) {
        request.clear();
        answer_with(answer);
        EXPECT_EQ(fetch(HttpFetch::Range{100, 104}), HttpFetch::State::failed);
        EXPECT_THAT(trouble, HasSubstr(expected));
        EXPECT_EQ(body, "");
    }
}

TEST_F(HttpFetchTest, WhatIsNoGoodAnswerIsTold) {
    const std::pair<const char*, const char*> rows[] = {
        {"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\ngone", "HTTP 403 Forbidden"},
        {"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n", "HTTP 302 Found"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "broke off"},
        {"HTTP/1.1 200 OK\r\nContent-Le", "broke off"},
        {"SSH-2.0-OpenSSH\r\n\r\n", "is no HTTP"},
        {"", "closed without an answer"},
    };
    for (const auto& [answer, expected] : rows) {
        request.clear();
        body.clear();
        answer_with(answer);
        EXPECT_EQ(fetch(), HttpFetch::State::failed) << answer;
        EXPECT_THAT(trouble, HasSubstr(expected));
        EXPECT_THAT(trouble, testing::StartsWith("127.0.0.1:"));
    }
}

TEST_F(HttpFetchTest, AHeadWithoutEndIsNotKept) {
    answer_with("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'));
    EXPECT_EQ(fetch(), HttpFetch::State::failed);
    EXPECT_THAT(trouble, HasSubstr("is no HTTP"));
}

TEST_F(HttpFetchTest, SilenceAndNobodyThereAreTold) {
    EXPECT_EQ(fetch(std::nullopt, Millis{50}), HttpFetch::State::failed);
    EXPECT_THAT(trouble, HasSubstr("nothing came for 0 s"));
    listener_.authority = "127.0.0.1:1";
    EXPECT_EQ(fetch(), HttpFetch::State::failed);
    EXPECT_THAT(trouble, HasSubstr("127.0.0.1:1: no connection: Connection refused"));
}

TEST(HttpUrl, IsTakenApart) {
    const auto url = parse_http_url("https://bucket.s3.us-east-1.amazonaws.com/a%20b?X-Amz-Signature=1#x").value();
    EXPECT_TRUE(url.tls);
    EXPECT_EQ(url.host, "bucket.s3.us-east-1.amazonaws.com");
    EXPECT_EQ(url.port, "443");
    EXPECT_EQ(url.target, "/a%20b?X-Amz-Signature=1");
    EXPECT_EQ(url.authority(), "bucket.s3.us-east-1.amazonaws.com");
    EXPECT_EQ(parse_http_url("http://[::1]:8080").value().authority(), "[::1]:8080");
    EXPECT_EQ(parse_http_url("http://h?q").value().target, "/?q");
}

TEST(HttpUrl, WhatIsNoneIsRefused) {
    for (const char* text : {"", "ftp://h/", "https://", "http:///x", "http://h:0/", "http://h:99999/", "http://h:x/", "http://u@h/",
                             "http://h/a b", "http://h/\r\nX: y", "http://[::1", "http://[::1]x/"})
        EXPECT_FALSE(parse_http_url(text)) << text;
}

}  // namespace
}  // namespace otabahn::device
